// The Mitra actor: online, offline, activation. Deactivation is one event: the commit flags the
// account and revokes its sign-ins, the bus closes its sockets, and its open offers are withdrawn.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Entity } from "effect/cluster"
import { SecureRandom } from "effect/crypto"
import { deadlineOf, decide, evolve, MitraReply, type MitraCommand } from "../../domain/mitra.ts"
import type { MitraEvent, MitraFacts, MitraState, StaffMitraCommand } from "../../domain/mitra.ts"
import { refuse } from "../../domain/refusal.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Bus, type BusMessage, revoked } from "../../services/bus/bus.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Sessions } from "../../services/sessions/sessions.ts"
import type { Machine, Turn } from "../machine.ts"
import { asSystem } from "../turn-call.ts"
import { SessionActors } from "../session/protocol.ts"
import { makeWakeQueue } from "../session/queue.ts"
import { ActorLimitsInForce } from "../actor-limits.ts"
import { LocalActors } from "../local-actors.ts"
import { observedMachine } from "../observed-machine.ts"
import { makeStaffCheck } from "../staff-authority.ts"
import { makeTurns } from "../turn.ts"
import { makeMitraTurnFacts } from "./facts.ts"
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
      default:
        return []
    }
  })

const actionOf: Readonly<Record<StaffMitraCommand["_tag"], string>> = {
  Activate: "mitra.activate",
  Deactivate: "mitra.deactivate",
  ForceOffline: "mitra.force_offline",
  LiftHold: "mitra.lift_hold",
  Drain: "mitra.drain",
  UndoDrain: "mitra.undo_drain"
}

/** What the audit log says of her before and after. */
const auditedOf = ({ hold, is_active, is_draining, is_online }: MitraState) => ({
  is_active,
  is_online,
  is_draining,
  held_until: hold === null ? null : hold.until ?? "until lifted"
})

const mitraRows = Effect.fnUntraced(function*(turn: MitraTurn) {
  const random = yield* SecureRandom.SecureRandom
  const { after, before, call } = turn
  const staff = call.staff
  const action = "staff_id" in call.command ? actionOf[call.command._tag] : null
  const audit = staff === null || action === null || turn.events.length === 0 ? [] : [{
    id: yield* random.uuidV7(),
    staff_id: staff.staff_id,
    action,
    target_type: "mitra",
    target_id: after.id,
    before: auditedOf(before),
    after: auditedOf(after),
    peer: staff.peer,
    at: turn.at
  }]
  return { session: null, mitra: { state: after, events: turn.events }, audit }
})

/** The machine of one mitra, with everything it needs closed over. */
export const makeMitraMachine = Effect.fnUntraced(function*(mitraId: string, runner: string) {
  const mitras = yield* Mitras
  const sessions = yield* Sessions
  const availability = yield* Availability
  const bus = yield* Bus
  const actors = yield* SessionActors
  const facts = yield* makeMitraTurnFacts(mitraId)
  const random = yield* SecureRandom.SecureRandom
  const wakeQueue = yield* makeWakeQueue

  // Safe to repeat: an accept of a deactivated mitra is refused by the database in any case. A
  // draining mitra's accept that is on its way may still win: that chat she finishes, too.
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
      default:
        return Effect.void
    }
  }

  const mustWithdraw = ({ after, before }: MitraTurn) =>
    (before.is_active && !after.is_active) || (!before.is_draining && after.is_draining)

  const machine: MitraMachine = {
    kind: "mitra",
    id: mitraId,
    claim: mitras.claim(mitraId, runner),
    notFound: refuse("ACCOUNT_NOT_FOUND", "There is no such bestie.", { mitra_id: mitraId }),
    facts,
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
        Effect.andThen(mustWithdraw(turn) ? withdrawOffers : Effect.void)
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

const serving = Effect.gen(function*() {
  const address = yield* Entity.CurrentAddress
  const runner = yield* Entity.CurrentRunnerAddress
  const machine = yield* makeMitraMachine(address.entityId, `${runner.host}:${runner.port}`)
  const turns = yield* makeTurns(yield* observedMachine(machine, () => {}))
  const run = yield* (yield* LocalActors).register(Mitra.type, address.entityId, turns.run)
  const checkStaff = yield* makeStaffCheck
  return Mitra.of({ Run: ({ payload }) => Effect.andThen(checkStaff(payload), run(payload)) })
})

/** Serves Mitra on this runner. */
export const layer = Layer.unwrap(
  Effect.map(ActorLimitsInForce, ({ idle_ms, mailbox_calls }) =>
    Mitra.toLayer(serving, {
      concurrency: "unbounded",
      disableFatalDefects: true,
      maxIdleTime: idle_ms,
      mailboxCapacity: mailbox_calls
    }))
)
