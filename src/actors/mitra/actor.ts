// The Mitra actor: online, offline, activation. Deactivation is one event: the commit flags the
// account and revokes its sign-ins, the bus closes its sockets, and its open offers are withdrawn.
import * as Effect from "effect/Effect"
import { Entity } from "effect/cluster"
import { SecureRandom } from "effect/crypto"
import { deadlineOf, decide, evolve, MitraReply, type MitraCommand } from "../../domain/mitra.ts"
import type { MitraEvent, MitraFacts, MitraState } from "../../domain/mitra.ts"
import { refuse } from "../../domain/refusal.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Bus, type BusMessage, revoked } from "../../services/bus/bus.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Sessions } from "../../services/sessions/sessions.ts"
import { Settings } from "../../services/settings/settings.ts"
import { Trust } from "../../services/trust/trust.ts"
import { asSystem, type Machine, type Turn } from "../machine.ts"
import { SessionActors } from "../session/protocol.ts"
import { makeWakeQueue } from "../session/queue.ts"
import { mailboxCapacity, LocalActors } from "../local-actors.ts"
import { observedMachine } from "../observed-machine.ts"
import { makeStaffCheck } from "../staff-authority.ts"
import { makeTurns } from "../turn.ts"
import { Mitra } from "./protocol.ts"

type MitraMachine = Machine<MitraState, MitraCommand, MitraFacts, MitraEvent, MitraReply>
type MitraTurn = Turn<MitraState, MitraCommand, MitraFacts, MitraEvent>

const publishMitra = (turn: MitraTurn): ReadonlyArray<BusMessage> =>
  turn.events.flatMap((event): ReadonlyArray<BusMessage> => {
    const topic = `mitra:${turn.after.id}` as const
    switch (event._tag) {
      case "WentOnline":
        return [{ topic, event: { _tag: "MitraStatusChanged", is_online: true, cause: "toggle" } }]
      case "WentOffline":
        return [{ topic, event: { _tag: "MitraStatusChanged", is_online: false, cause: event.cause } }]
      case "Deactivated":
        return [revoked(topic)]
      case "Activated":
        return []
    }
  })

const actionOf = {
  Activate: "mitra.activate",
  Deactivate: "mitra.deactivate",
  ForceOffline: "mitra.force_offline"
}

const mitraRows = Effect.fnUntraced(function*(turn: MitraTurn) {
  const random = yield* SecureRandom.SecureRandom
  const { after, before, call } = turn
  const staff = call.staff
  const action = call.command._tag in actionOf
    ? actionOf[call.command._tag as keyof typeof actionOf]
    : null
  const audit = staff === null || action === null || turn.events.length === 0 ? [] : [{
    id: yield* random.uuidV7(),
    staff_id: staff.staff_id,
    action,
    target_type: "mitra",
    target_id: after.id,
    before: { is_active: before.is_active, is_online: before.is_online },
    after: { is_active: after.is_active, is_online: after.is_online },
    peer: staff.peer,
    at: turn.at
  }]
  return { session: null, mitra: { state: after, events: turn.events }, audit }
})

/** The machine of one mitra, with everything it needs closed over. */
export const makeMitraMachine = Effect.fnUntraced(function*(mitraId: string, runner: string) {
  const mitras = yield* Mitras
  const sessions = yield* Sessions
  const settings = yield* Settings
  const availability = yield* Availability
  const bus = yield* Bus
  const actors = yield* SessionActors
  const random = yield* SecureRandom.SecureRandom
  const wakeQueue = yield* makeWakeQueue
  const trust = yield* Trust

  // Safe to repeat: an accept of a deactivated mitra is refused by the database in any case.
  const withdrawOffers = sessions.pendingOfferSessionsOf(mitraId).pipe(
    Effect.flatMap((ids) =>
      Effect.forEach(
        ids,
        (sessionId) =>
          actors.run(sessionId, asSystem({ _tag: "WithdrawOffer", mitra_id: mitraId })).pipe(
            Effect.catch((error) => Effect.logWarning("offer not withdrawn", error))
          ),
        {
          concurrency: 8,
          discard: true
        }
      )
    ),
    Effect.catch((error) => Effect.logWarning("offers not withdrawn", error))
  )

  // Each session looks for itself whether she is there; whatever is missed here the sweep finds.
  const checkChats = mitras.slotsOf(mitraId).pipe(
    Effect.flatMap((slots) =>
      Effect.forEach(
        slots,
        ({ session_id }) =>
          actors.run(session_id, asSystem({ _tag: "CheckMitra" })).pipe(
            Effect.catch((error) => Effect.logWarning("chat not told about its mitra", error))
          ),
        {
          concurrency: 8,
          discard: true
        }
      )
    ),
    Effect.catch((error) => Effect.logWarning("chats not told about their mitra", error))
  )

  const tellSessions = (event: MitraEvent) => {
    switch (event._tag) {
      case "WentOnline":
        return Effect.andThen(wakeQueue((places) => places), checkChats)
      case "Deactivated":
        return checkChats
      case "WentOffline":
      case "Activated":
        return Effect.void
    }
  }

  const hasMissedTooMany = Effect.fnUntraced(function*({ online_since }: MitraState) {
    const { mitra_missed_offers_pause: count } = yield* settings.current
    if (count === 0 || online_since === null) return false
    return (yield* mitras.missedInARow(mitraId, online_since, count)) >= count
  })

  const machine: MitraMachine = {
    kind: "mitra",
    id: mitraId,
    claim: mitras.claim(mitraId, runner),
    notFound: refuse("ACCOUNT_NOT_FOUND", "There is no such bestie.", { mitra_id: mitraId }),
    facts: (state, command, now) =>
      Effect.gen(function*() {
        const none = { now, heartbeat_is_stale: false, has_missed_too_many: false, is_paused: false }
        // Read again just before the turn: she may have answered since the sweep looked.
        if (command._tag === "PauseForMissedOffers") {
          return { ...none, has_missed_too_many: yield* hasMissedTooMany(state) }
        }
        if (command._tag === "GoOnline" || command._tag === "PauseForReports") {
          return { ...none, is_paused: yield* trust.isPaused({ user_type: "mitra", user_id: mitraId }) }
        }
        if (command._tag !== "MarkStale") return none
        // And here a ping may have come.
        const values = yield* settings.current
        const last = yield* availability.lastHeartbeat(mitraId)
        const staleBefore = now - values.mitra_stale_after_seconds * 1000
        return {
          ...none,
          heartbeat_is_stale: values.mitra_ping_required && (last === null || last <= staleBefore)
        }
      }),
    decide,
    evolve,
    deadlineOf,
    tick: null,
    outcome: MitraReply,
    replyTo: (_command, outcome) => outcome,
    write: (turn) => mitraRows(turn).pipe(Effect.provideService(SecureRandom.SecureRandom, random)),
    keepsRecord: () => true,
    findPreviousReply: () => Effect.succeed(null),
    publish: publishMitra,
    afterCommit: (turn) =>
      Effect.when(availability.changed([mitraId]), Effect.succeed(turn.events.length > 0)).pipe(
        Effect.andThen(Effect.forEach(turn.events, tellSessions, { discard: true })),
        Effect.andThen(turn.before.is_active && !turn.after.is_active ? withdrawOffers : Effect.void)
      ),
    // A crash between a deactivation's commit and its announcement, or its withdrawals, is finished here; and
    // so is a commit whose answer was lost.
    afterLoad: (state) =>
      state.is_active ? Effect.void : bus.publish([revoked(`mitra:${mitraId}`)]).pipe(
        Effect.andThen(withdrawOffers),
        Effect.andThen(checkChats)
      )
  }
  return machine
})

const idleTime = "2 minutes"

/** Serves Mitra on this runner. */
export const layer = Mitra.toLayer(
  Effect.gen(function*() {
    const address = yield* Entity.CurrentAddress
    const runner = yield* Entity.CurrentRunnerAddress
    const machine = yield* makeMitraMachine(address.entityId, `${runner.host}:${runner.port}`)
    const turns = yield* makeTurns(yield* observedMachine(machine, () => {}))
    const run = yield* (yield* LocalActors).register(Mitra.type, address.entityId, turns.run)
    const checkStaff = yield* makeStaffCheck
    return Mitra.of({ Run: ({ payload }) => Effect.andThen(checkStaff(payload), run(payload)) })
  }),
  { concurrency: "unbounded", disableFatalDefects: true, maxIdleTime: idleTime, mailboxCapacity }
)
