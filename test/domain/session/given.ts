// The sessions that the tests of the session machine start from, and the few words they are told in:
// who acts, at which second, and what the machine made of it. T0 is the instant of the request.
import { assert } from "@effect/vitest"
import * as Result from "effect/Result"
import { type Profile, usualProfile } from "../../../src/domain/matching.ts"
import type { Candidate } from "../../../src/domain/pairing.ts"
import type { Refusal, RefusalCode } from "../../../src/domain/refusal.ts"
import type { SessionCommand } from "../../../src/domain/session/commands.ts"
import type { SessionOutcome } from "../../../src/domain/session/reply.ts"
import { decide } from "../../../src/domain/session/decide.ts"
import { deadlineOf } from "../../../src/domain/session/deadline.ts"
import type { RerouteTarget } from "../../../src/domain/session/due.ts"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import { evolveAll } from "../../../src/domain/session/evolve.ts"
import { type NewRequest, openRequest } from "../../../src/domain/session/open.ts"
import type { Absence, Participant, SessionState, SessionStatus } from "../../../src/domain/session/state.ts"
import { defaultSettings, type Settings } from "../../../src/domain/settings.ts"

export const T0 = Date.UTC(2026, 10, 20, 8, 0, 0)
/** The instant that many seconds after the request. */
export const at = (seconds: number): number => T0 + seconds * 1000

export const customer: Participant = { side: "customer", id: "customer-1" }
export const otherCustomer: Participant = { side: "customer", id: "customer-2" }
export const mitra = (n: number): Participant => ({ side: "mitra", id: `mitra-${n}` })
export const candidate = (n: number, sessions = 0, profile: Profile = usualProfile): Candidate => ({
  mitra_id: `mitra-${n}`,
  mitra_name: `Bestie ${n}`,
  sessions,
  ...profile
})
export const candidates = (count: number): ReadonlyArray<Candidate> =>
  Array.from({ length: count }, (_, index) => candidate(index + 1))

export const blast: NewRequest = {
  id: "session-1",
  customer_id: customer.id,
  customer_name: "Kiki",
  payment_id: "payment-1",
  amount_idr: 12_000,
  kind: "blast",
  target_mitra_id: null,
  mode: "chat",
  topic: "regular",
  language: null,
  purchased_ms: 12 * 60_000
}
export const targeted: NewRequest = { ...blast, kind: "targeted", target_mitra_id: mitra(1).id }

/** One command on one session: what happened, what was answered, and what the session is now. */
export interface Told {
  readonly state: SessionState
  readonly events: ReadonlyArray<SessionEvent>
  readonly reply: Result.Result<SessionOutcome, Refusal>
}

export interface World {
  readonly settings?: Partial<Settings>
  readonly candidates?: ReadonlyArray<Candidate> | null
  readonly waiting_ahead?: number
  readonly others_are_free?: boolean
  readonly mitra_is_reachable?: boolean | null
  readonly reroute_to?: RerouteTarget | null
  readonly mitra_absence?: Absence | null
  readonly pair_is_blocked?: boolean
}

/** Whom staff chose: there, and able to take over. */
export const ready: RerouteTarget = {
  mitra_name: "Bestie 2",
  is_active: true,
  is_draining: false,
  is_online: true,
  is_blocked: false
}

export const settingsOf = (world: World): Settings => ({ ...defaultSettings, ...world.settings })

export const tell = (
  state: SessionState,
  seconds: number,
  command: SessionCommand,
  world: World = {}
): Told => {
  const facts = {
    now: at(seconds),
    settings: settingsOf(world),
    candidates: world.candidates ?? null,
    waiting_ahead: world.waiting_ahead ?? 0,
    others_are_free: world.others_are_free ?? false,
    mitra_is_reachable: world.mitra_is_reachable === undefined ? true : world.mitra_is_reachable,
    reroute_to: world.reroute_to === undefined ? ready : world.reroute_to,
    mitra_absence: world.mitra_absence ?? null,
    pair_is_blocked: world.pair_is_blocked ?? false
  }
  const decision = decide(state, command, facts)
  return { state: evolveAll(state, decision.events), events: decision.events, reply: decision.reply }
}

export const tick = (state: SessionState, seconds: number, world: World = {}): Told =>
  tell(state, seconds, { _tag: "Tick" }, world)
export const accept = (state: SessionState, seconds: number, by: Participant, world: World = {}): Told =>
  tell(state, seconds, { _tag: "Accept", by }, world)
export const decline = (state: SessionState, seconds: number, by: Participant): Told =>
  tell(state, seconds, { _tag: "Decline", by })
export const cancel = (state: SessionState, seconds: number, by: Participant = customer): Told =>
  tell(state, seconds, { _tag: "Cancel", by })
export const end = (state: SessionState, seconds: number, by: Participant, world: World = {}): Told =>
  tell(state, seconds, { _tag: "End", by }, world)
export const forceClose = (state: SessionState, seconds: number): Told =>
  tell(state, seconds, { _tag: "ForceClose", staff_id: "staff-1", reason: "abuse" })
export const goodbye = (state: SessionState, seconds: number, by: Participant, text = "bye"): Told =>
  tell(state, seconds, { _tag: "Goodbye", by, text })
export const send = (state: SessionState, seconds: number, by: Participant, body = "hello"): Told =>
  tell(state, seconds, { _tag: "SendMessage", by, message_id: "m-1", client_message_id: "c-1", body })

/** An extension of five minutes, paid for at that second. */
export const extend = (state: SessionState, seconds: number, payment_id = "payment-x"): Told =>
  tell(state, seconds, { _tag: "RequestExtension", payment_id, amount_idr: 8000, purchased_ms: 300_000 })
export const answerExtension = (
  state: SessionState,
  seconds: number,
  approve: boolean,
  extension_seq = state.extension?.seq ?? 0,
  by = mitra(1)
): Told => tell(state, seconds, { _tag: "AnswerExtension", by, extension_seq, approve })

export const searching = (request: NewRequest = blast, world: World = {}): SessionState =>
  openRequest(request, settingsOf(world), T0)

/** Offered at T0 to mitras 1 to `count`, all still to answer. */
export const offered = (count = 3): SessionState =>
  tick(searching(), 0, { candidates: candidates(count) }).state

/** Paired with mitra 1 ten seconds after the request; the paid 12 minutes end at second 730. */
export const active = (): SessionState => accept(offered(), 10, mitra(1)).state
export const ACTIVE_ENDS = 730

/** Asked for at second 100: the mitra has until second 110. */
export const EXTENDING_SINCE = 100
export const extending = (): SessionState => extend(active(), EXTENDING_SINCE).state

/** The time ran out at second 730; the grace ends at second 1030. */
export const closing = (): SessionState => tick(active(), ACTIVE_ENDS).state
export const CLOSING_ENDS = 1030

export const cancelled = (): SessionState => cancel(offered(), 20).state
export const expired = (): SessionState => tick(offered(), 60).state
export const completed = (): SessionState => tick(closing(), CLOSING_ENDS).state

/** One session in each status. */
export const inStatus = {
  searching: searching(),
  pending_acceptance: offered(),
  active: active(),
  extending: extending(),
  closing: closing(),
  completed: completed(),
  cancelled: cancelled(),
  expired: expired()
} satisfies Partial<Record<SessionStatus, SessionState>>
export type ReachableStatus = keyof typeof inStatus

export const refusalOf = (told: Told): RefusalCode | null =>
  Result.isFailure(told.reply) ? told.reply.failure.code : null
export const tags = (told: Told): ReadonlyArray<SessionEvent["_tag"]> =>
  told.events.map((event) => event._tag)

/** Answered yes, and these were the events. */
export const assertHappened = (told: Told, expected: ReadonlyArray<SessionEvent["_tag"]>): void => {
  assert.isNull(refusalOf(told))
  assert.deepStrictEqual(tags(told), expected)
}

/** Refused with this code; only what the clock made due may have happened. */
export const assertRefused = (
  told: Told,
  code: RefusalCode,
  due: ReadonlyArray<SessionEvent["_tag"]> = []
): void => {
  assert.strictEqual(refusalOf(told), code)
  assert.deepStrictEqual(tags(told), due)
}

export const deadlineSeconds = (state: SessionState): number | null => {
  const deadline = deadlineOf(state)
  return deadline === null ? null : (deadline - T0) / 1000
}
export const offerStatuses = (state: SessionState): ReadonlyArray<string> =>
  state.offers.map((offer) => `${offer.mitra_id} ${offer.status} ${offer.ending ?? "-"}`)

/** To mitra `to`, by staff who believe that it is mitra `from`'s. */
export const reroute = (state: SessionState, seconds: number, to = 2, world: World = {}, from = 1): Told =>
  tell(state, seconds, {
    _tag: "Reroute",
    staff_id: "staff-1",
    from_mitra_id: mitra(from).id,
    mitra_id: mitra(to).id,
    reason: "she fell ill"
  }, { reroute_to: { ...ready, mitra_name: `Bestie ${to}` }, ...world })

export const withdraw = (state: SessionState, seconds: number, n: number): Told =>
  tell(state, seconds, { _tag: "WithdrawOffer", mitra_id: mitra(n).id })
export const refusedDetails = (told: Told): unknown =>
  Result.isFailure(told.reply) ? told.reply.failure.details : null
