// What an extension does to a session: the clock that stands still, the one answer that counts, the
// warnings before the new end; and in the instant in which the time runs out, the clock comes first.
import { assert, it } from "@effect/vitest"
import * as Ledger from "../../../src/domain/ledger.ts"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, customer, deadlineSeconds, mitra } from "./given.ts"

it("The clock stands still from the request to the yes, and the added time begins there", () => {
  const state = given.extending()
  assert.strictEqual(deadlineSeconds(state), 110)
  assert.strictEqual(Ledger.remainingMs(state.ledger, at(109)), 630_000)
  const told = given.answerExtension(state, 106, true)
  assert.deepStrictEqual(told.events, [{
    _tag: "SessionResumed",
    at: at(106),
    by: "mitra",
    payment_id: "payment-x",
    amount_idr: 8000,
    purchased_ms: 300_000,
    ends_at: at(given.ACTIVE_ENDS + 6 + 300)
  }])
  assert.strictEqual(told.state.ends_at, at(1036))
  assert.deepStrictEqual(told.state.ledger.entries, [
    { state: "served", reason: "paired", from: at(10), to: at(100), charged_ms: 90_000 },
    { state: "paused", reason: "extension_requested", from: at(100), to: at(106), charged_ms: 0 }
  ])
})

it("Warnings given before are given again before the new end", () => {
  const warned = given.tick(given.active(), 700).state
  assert.strictEqual(warned.warned_seconds, 60)
  const { state } = given.answerExtension(given.extend(warned, 700).state, 705, true)
  assert.isNull(state.warned_seconds)
  const told = given.tick(state, 2000)
  assert.deepStrictEqual(
    told.events.flatMap((event) => event._tag === "WarningGiven" ? [event.remaining_seconds] : []),
    [180, 60]
  )
})

it("A warning whose instant lies before the clock ran again is not given", () => {
  const late = given.tick(given.active(), 725).state
  const short = { _tag: "RequestExtension", payment_id: "x", amount_idr: 1, purchased_ms: 60_000 } as const
  const asked = given.tell(late, 725, short).state
  const { state } = given.answerExtension(asked, 727, true)
  assert.strictEqual(state.ends_at, at(792))
  assertHappened(given.tick(state, 731.999), [])
  assertHappened(given.tick(state, 732), ["WarningGiven"])
})

it("Paid in the instant in which the time runs out, the clock is first", () => {
  const state = given.tick(given.active(), 700).state
  assertRefused(given.extend(state, given.ACTIVE_ENDS), "SESSION_CLOSING", ["ClosingStarted"])
  assertHappened(given.extend(state, given.ACTIVE_ENDS - 0.001), ["ExtensionRequested"])
})

it("Answered in the instant of the deadline, the deadline has decided", () => {
  const told = given.answerExtension(given.extending(), 110, false)
  assertRefused(told, "EXTENSION_RESOLVED", ["SessionResumed"])
  assertHappened(given.answerExtension(given.extending(), 109.999, false), ["ClosingStarted"])
})

it("Nothing is concluded at the deadline before it is known whether the mitra can be reached", () => {
  const facts = { mitra_is_reachable: null }
  assertHappened(given.tick(given.extending(), 110, facts), [])
  assertHappened(given.tick(given.extending(), 110), ["SessionResumed"])
})

it("An answer to an extension that was decided never meets the next one", () => {
  const first = given.extending().extension?.seq ?? 0
  const resumed = given.answerExtension(given.extending(), 105, true).state
  const second = given.extend(resumed, 120, "payment-y").state
  assertRefused(given.answerExtension(second, 121, false, first), "EXTENSION_RESOLVED")
  assertHappened(given.answerExtension(second, 121, true), ["SessionResumed"])
})

it("The same payment asks once; another one has to wait", () => {
  assertHappened(given.extend(given.extending(), 101), [])
  assertRefused(given.extend(given.extending(), 101, "payment-y"), "EXTENSION_PENDING")
})

it("Only the chat's own mitra answers", () => {
  assertRefused(given.answerExtension(given.extending(), 101, true, 3, mitra(2)), "NOT_A_PARTICIPANT")
  assertRefused(given.answerExtension(given.extending(), 101, true, 3, customer), "NOT_A_PARTICIPANT")
})

it("A rejection is the mitra's end of the paid time; what was left is forfeited with that reason", () => {
  const { state } = given.answerExtension(given.extending(), 105, false)
  assert.deepStrictEqual(state.ledger.entries.at(-1), {
    state: "forfeited",
    reason: "extension_rejected",
    from: at(105),
    to: at(105),
    charged_ms: 630_000
  })
  assert.strictEqual(given.goodbye(state, 110, customer).state.ended_by, "mitra")
})
