// The ChatSession actor: the session machine joined to its rows, its listeners and its facts. Pairing
// runs here: this mailbox decides the first accept.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Entity } from "effect/cluster"
import { SecureRandom } from "effect/crypto"
import { refuse } from "../../domain/refusal.ts"
import { fairness, freshness } from "../../domain/freshness.ts"
import { olderCount, competing, type Wanted } from "../../domain/matching.ts"
import { candidateLimit, queueCountMax, queues, wantedBy, wantsOthers } from "../../domain/pairing.ts"
import type { SessionCommand } from "../../domain/session/commands.ts"
import { deadlineOf } from "../../domain/session/deadline.ts"
import { decide } from "../../domain/session/decide.ts"
import { looksForMitras, type SessionFacts, wantsReachability } from "../../domain/session/due.ts"
import type { SessionEvent } from "../../domain/session/events.ts"
import { evolve } from "../../domain/session/evolve.ts"
import { outcomeOfMessage, replyTo, SessionOutcome, type SessionReply } from "../../domain/session/reply.ts"
import { type SessionState, topics } from "../../domain/session/state.ts"
import type { Settings as Values } from "../../domain/settings.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Bus } from "../../services/bus/bus.ts"
import { makeFirstReplyWatch } from "../../services/operations/first-reply.ts"
import { noteSessionTurn } from "../../services/operations/milestone-log.ts"
import { Sessions } from "../../services/sessions/sessions.ts"
import { Settings } from "../../services/settings/settings.ts"
import { Trust } from "../../services/trust/trust.ts"
import type { Machine } from "../machine.ts"
import { ActorLimitsInForce } from "../actor-limits.ts"
import { LocalActors } from "../local-actors.ts"
import { observedMachine } from "../observed-machine.ts"
import { makeStaffCheck } from "../staff-authority.ts"
import { makeTurns } from "../turn.ts"
import { publishSession, republishPosition } from "./publish.ts"
import { ChatSession } from "./protocol.ts"
import { makeMitraFacts } from "./mitra-facts.ts"
import { OpenedHere } from "./opened-here.ts"
import { sessionRows, type SessionTurn } from "./rows.ts"
import { makeWakeQueue } from "./queue.ts"

type SessionMachine = Machine<
  SessionState,
  SessionCommand,
  SessionFacts,
  SessionEvent,
  SessionOutcome,
  SessionReply
>

const makeFacts = Effect.gen(function*() {
  const settings = yield* Settings
  const sessions = yield* Sessions
  const availability = yield* Availability
  const mitraFacts = yield* makeMitraFacts
  const trust = yield* Trust

  const lookFor = (
    state: SessionState,
    values: Values,
    now: number,
    blocked: ReadonlyArray<string>,
    { limit, wanted }: { readonly limit: number; readonly wanted: Wanted }
  ) =>
    availability.candidates({
      ...freshness(values, now),
      ...fairness(values, now, state.kind),
      limit,
      wanted,
      exclude: [...state.offers.map((offer) => offer.mitra_id), ...blocked],
      only: state.target_mitra_id
    })

  /** Asked of a request that found nobody: would there have been one, had it wanted less? */
  const othersAreFree = Effect.fnUntraced(function*(state: SessionState, values: Values, now: number) {
    const blocked = yield* trust.blockedMitrasOf(state.customer_id)
    for (const topic of topics) {
      const wanted = { topic, language: null }
      if ((yield* lookFor(state, values, now, blocked, { limit: 1, wanted })).length > 0) return true
    }
    return false
  })

  return Effect.fnUntraced(
    function*(state: SessionState, command: SessionCommand, now: number) {
      const values = yield* settings.current
      const mitra_is_reachable = state.mitra_id !== null && wantsReachability(state, now)
        ? yield* mitraFacts.isReachable(state.mitra_id, freshness(values, now))
        : null
      const known: SessionFacts = {
        now,
        settings: values,
        candidates: null,
        waiting_ahead: 0,
        others_are_free: wantsOthers(state, now) && (yield* othersAreFree(state, values, now)),
        mitra_is_reachable,
        pair_is_blocked: command._tag === "Accept" && (yield* trust.isBlocked({
          customer_id: state.customer_id,
          mitra_id: command.by.id
        })),
        reroute_to: command._tag === "Reroute"
          ? yield* mitraFacts.target(state.customer_id, command.mitra_id, freshness(values, now))
          : null,
        mitra_absence: command._tag === "CheckMitra" ? yield* mitraFacts.absence(state, values, now) : null
      }
      if (!looksForMitras(state, command, now)) return known
      // Counted before the candidates are read: a request that leaves the line in between then counts twice,
      // as one ahead and by the place it took. The other way round it would not count at all.
      const [older, blocked] = yield* Effect.all([
        queues(state, values) ? sessions.aheadOf(state, now, queueCountMax) : Effect.succeed([]),
        trust.blockedMitrasOf(state.customer_id)
      ], { concurrency: 2 })
      const limit = candidateLimit(state, values, olderCount(older))
      const candidates = yield* lookFor(state, values, now, blocked, { limit, wanted: wantedBy(state) })
      const isOver = candidates.length === 0 && state.offers.length === 0 && !values.pairing_queue_enabled
      return {
        ...known,
        candidates,
        waiting_ahead: competing(older, candidates),
        others_are_free: isOver && (yield* othersAreFree(state, values, now))
      }
    }
  )
})

const changesCapacity = (event: SessionEvent): boolean =>
  event._tag === "Paired" || event._tag === "Rerouted" || event._tag === "ClosingStarted"

/** Whose number of chats is another one: after a hand-over that is two. */
const changedCapacityOf = ({ after, before, events }: SessionTurn): ReadonlyArray<string> => {
  const mitras = new Set([before.mitra_id, after.mitra_id].filter((id) => id !== null))
  return events.some(changesCapacity) ? [...mitras] : []
}

/** A place may be free, or the line has moved up. */
const movesLine = (event: SessionEvent): boolean =>
  changesCapacity(event) || event._tag === "RequestExpired" || event._tag === "RequestCancelled"

/** A turn keeps the offers it does not touch, so those that are other objects have changed. */
const changedOffersOf = ({ after, before }: SessionTurn): ReadonlyArray<string> => {
  if (before.offers === after.offers) return []
  const known = new Set(before.offers)
  return after.offers.filter((offer) => !known.has(offer)).map((offer) => offer.mitra_id)
}

/** The machine of one session, with everything it needs closed over. */
export const makeSessionMachine = Effect.fnUntraced(function*(sessionId: string, runner: string) {
  const sessions = yield* Sessions
  const availability = yield* Availability
  const bus = yield* Bus
  const random = yield* SecureRandom.SecureRandom
  const facts = yield* makeFacts
  const wakeQueue = yield* makeWakeQueue
  const openedHere = yield* OpenedHere
  const machine: SessionMachine = {
    kind: "session",
    id: sessionId,
    claim: Effect.suspend(() => {
      const opened = openedHere.take(sessionId)
      return opened === null ? sessions.claim(sessionId, runner) : Effect.succeed(opened)
    }),
    notFound: refuse("SESSION_NOT_FOUND", "There is no such session.", { session_id: sessionId }),
    facts,
    decide,
    evolve,
    deadlineOf,
    tick: { _tag: "Tick" },
    outcome: SessionOutcome,
    replyTo,
    write: (turn) => sessionRows(turn, random),
    keepsRecord: (command) => command._tag !== "SendMessage",
    findPreviousReply: (command, state) =>
      command._tag === "SendMessage"
        ? Effect.map(
          sessions.sentMessage(sessionId, command.by.id, command.client_message_id),
          (sent) => sent === null ? null : outcomeOfMessage(sent, state.status)
        )
        : Effect.succeed(null),
    publish: publishSession,
    afterCommit: (turn) => {
      const mitras = [...new Set([...changedCapacityOf(turn), ...changedOffersOf(turn)])]
      const isMoving = turn.events.some(movesLine)
      // Most turns carry a message or a receipt, and change nothing for the requests that wait.
      if (mitras.length === 0 && !isMoving) return null
      return Effect.andThen(
        mitras.length === 0 ? Effect.void : availability.changed(mitras),
        isMoving ? wakeQueue((places) => places) : Effect.void
      )
    },
    // The previous owner may have died, or lost the answer, between its commit and its announcement.
    afterLoad: (state) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => bus.publish(republishPosition(state, now)))
  }
  return machine
})

const serving = Effect.gen(function*() {
  const address = yield* Entity.CurrentAddress
  const runner = yield* Entity.CurrentRunnerAddress
  const machine = yield* makeSessionMachine(address.entityId, `${runner.host}:${runner.port}`)
  const watchFirstReply = makeFirstReplyWatch()
  const observed = yield* observedMachine(machine, (context, turn) => {
    watchFirstReply(turn.events)
    noteSessionTurn(context, { ...turn, by_clock: turn.call.command._tag === "Tick" })
  })
  const turns = yield* makeTurns(observed)
  const run = yield* (yield* LocalActors).register(ChatSession.type, address.entityId, turns.run)
  const checkStaff = yield* makeStaffCheck
  return ChatSession.of({ Run: ({ payload }) => Effect.andThen(checkStaff(payload), run(payload)) })
})

/** Serves ChatSession on this runner. Idle actors are put to rest; the sweep wakes them in time. */
export const layer = Layer.unwrap(Effect.map(ActorLimitsInForce, ({ idle_ms, mailbox_calls }) =>
  // Our own mailbox orders turns and timers alike, so the cluster need not; defects stay with their caller.
  ChatSession.toLayer(serving, {
    concurrency: "unbounded",
    disableFatalDefects: true,
    maxIdleTime: idle_ms,
    mailboxCapacity: mailbox_calls
  })))
