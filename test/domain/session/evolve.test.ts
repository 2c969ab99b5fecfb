// Replaying history can never fail: any event on any state, allowed or not, gives a state, leaves its
// input alone, and counts exactly the events that phones see.
import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import { deadlineOf } from "../../../src/domain/session/deadline.ts"
import {
  type EventOf,
  isSequenced,
  numbered,
  onlyAppends,
  type SessionEvent
} from "../../../src/domain/session/events.ts"
import { evolve, evolveAll } from "../../../src/domain/session/evolve.ts"
import {
  absenceCauses,
  type Offer,
  offerEndings,
  offerStatuses,
  sides,
  topics
} from "../../../src/domain/session/state.ts"
import { deepFreeze } from "../deep-freeze.ts"
import { active, at, inStatus, mitra } from "./given.ts"

const instant = fc.integer({ min: at(-10), max: at(2000) })
const mitraId = fc.integer({ min: 1, max: 4 }).map((n) => mitra(n).id)
const seq = fc.integer({ min: 0, max: 20 })

const anyOffer: fc.Arbitrary<Offer> = fc.record({
  mitra_id: mitraId,
  mitra_name: fc.string(),
  status: fc.constantFrom(...offerStatuses),
  ending: fc.option(fc.constantFrom(...offerEndings)),
  wave: seq,
  sent_at: instant,
  deadline_at: instant,
  responded_at: fc.option(instant),
  sessions_at_offer: seq
})

const event = <Tag extends SessionEvent["_tag"]>(
  tag: Tag,
  fields: { readonly [Key in Exclude<keyof EventOf<Tag>, "_tag" | "at">]: fc.Arbitrary<EventOf<Tag>[Key]> }
): fc.Arbitrary<SessionEvent> =>
  fc.record({ ...fields, at: instant }).map((rest) => ({ ...rest, _tag: tag }) as unknown as SessionEvent)

/** One arbitrary per kind of event: a new kind that is missing here does not compile. */
const kinds: { readonly [Tag in SessionEvent["_tag"]]: fc.Arbitrary<SessionEvent> } = {
  OffersSent: event("OffersSent", {
    wave: seq,
    offers: fc.array(anyOffer, { maxLength: 4 }),
    next_wave_at: fc.option(instant)
  }),
  SearchedInVain: event("SearchedInVain", { next_wave_at: fc.option(instant) }),
  OfferDeclined: event("OfferDeclined", { mitra_id: mitraId }),
  OfferWithdrawn: event("OfferWithdrawn", { mitra_id: mitraId }),
  OffersLapsed: event("OffersLapsed", { mitra_ids: fc.array(mitraId, { maxLength: 3 }) }),
  Paired: event("Paired", { mitra_id: mitraId, mitra_name: fc.string(), ends_at: instant }),
  RequestCancelled: event("RequestCancelled", { by: fc.constantFrom("customer", "staff") }),
  RequestExpired: event("RequestExpired", { cause: fc.constantFrom("all_declined", "window_over") }),
  MessageSent: event("MessageSent", {
    message_id: fc.uuid(),
    client_message_id: fc.uuid(),
    side: fc.constantFrom(...sides),
    sender_id: fc.uuid(),
    body: fc.string()
  }),
  ReceiptMoved: event("ReceiptMoved", { side: fc.constantFrom(...sides), delivered_seq: seq, read_seq: seq }),
  WarningGiven: event("WarningGiven", { remaining_seconds: fc.constantFrom(180, 60) }),
  TopicChanged: event("TopicChanged", { topic: fc.constantFrom(...topics), by: mitraId }),
  Rerouted: event("Rerouted", {
    from_mitra_id: mitraId,
    mitra_id: mitraId,
    mitra_name: fc.string(),
    ends_at: instant,
    staff_id: fc.uuid(),
    reason: fc.string()
  }),
  MitraWentAway: event("MitraWentAway", {
    cause: fc.constantFrom(...absenceCauses),
    since: instant,
    paused_until: fc.option(instant, { nil: undefined })
  }),
  MitraCameBack: event("MitraCameBack", { ends_at: fc.option(instant, { nil: undefined }) }),
  ExtensionRequested: event("ExtensionRequested", {
    payment_id: fc.uuid(),
    amount_idr: seq,
    purchased_ms: seq,
    deadline_at: instant
  }),
  SessionResumed: event("SessionResumed", {
    by: fc.constantFrom("mitra", "clock"),
    payment_id: fc.uuid(),
    amount_idr: seq,
    purchased_ms: seq,
    ends_at: instant
  }),
  ClosingStarted: event("ClosingStarted", {
    reason: fc.constantFrom("time_up", "force_closed"),
    closing_ends_at: instant
  }),
  GoodbyeLeft: event("GoodbyeLeft", { side: fc.constantFrom(...sides), text: fc.string() }),
  SessionCompleted: event("SessionCompleted", {
    reason: fc.constantFrom("goodbye", "grace_over"),
    ended_by: fc.constantFrom("customer", "mitra", "staff", "clock")
  })
}
const anyHistory = fc.array(fc.oneof(...Object.values(kinds)), { maxLength: 30 })

it("Any event on any state gives a state and changes neither", () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(inStatus)), anyHistory, (start, history) => {
      const state = history.reduce((current, next) => evolve(deepFreeze(current), deepFreeze(next)), start)
      assert.strictEqual(state.last_seq, start.last_seq + history.filter(isSequenced).length)
      assert.strictEqual(state.id, start.id)
      const deadline = deadlineOf(state)
      assert.isTrue(deadline === null || Number.isFinite(deadline))
      assert.isTrue(state.ledger.entries.every((entry) => entry.to >= entry.from && entry.charged_ms >= 0))
    }),
    { numRuns: 1000 }
  )
})

it("Events that only append leave everything but the last number and the cursors as it was", () => {
  const appending = fc.array(fc.oneof(kinds.MessageSent, kinds.ReceiptMoved), { maxLength: 5 })
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(inStatus)), appending, (before, events) => {
      assert.isTrue(events.every(onlyAppends))
      const after = evolveAll(before, events)
      const { cursors, last_seq } = after
      assert.deepStrictEqual(after, { ...before, cursors, last_seq })
      assert.strictEqual(deadlineOf(after), deadlineOf(before))
    })
  )
  // These change more, in one status or another.
  const others = Object.keys(kinds).filter((tag) => !["MessageSent", "ReceiptMoved"].includes(tag))
  assert.deepStrictEqual(others.filter((_tag) => onlyAppends({ _tag } as SessionEvent)), [])
})

it("Numbers on paper are the numbers the session counts", () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const start = active()
      const given = numbered(history, start.last_seq)
      assert.deepStrictEqual(given.map((entry) => entry.event), history)
      const seqs = given.flatMap((entry) => entry.seq === null ? [] : [entry.seq])
      assert.deepStrictEqual(seqs, seqs.map((_, index) => start.last_seq + 1 + index))
      assert.strictEqual(evolveAll(start, history).last_seq, seqs.at(-1) ?? start.last_seq)
    }),
    { numRuns: 1000 }
  )
})

it("A session is plain data: it survives a row, a message or a snapshot unchanged", () => {
  for (const state of Object.values(inStatus)) {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(state)), state)
  }
})
