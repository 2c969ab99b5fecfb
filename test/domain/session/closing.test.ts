// How a chat comes to its end: the clock and its warnings, an early end, goodbyes, the grace, and
// staff closing by force. Whatever was paid for is in the ledger, to the millisecond.
import { assert, it } from "@effect/vitest"
import * as Ledger from "../../../src/domain/ledger.ts"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, customer, deadlineSeconds, mitra } from "./given.ts"

const paidFor = (minutes: number): given.Told["state"] => {
  const request = { ...given.blast, purchased_ms: minutes * 60_000 }
  const { state } = given.tick(given.searching(request), 0, { candidates: given.candidates(1) })
  return given.accept(state, 0, mitra(1)).state
}
const endedBy = (told: given.Told): unknown => told.state.ended_by

it("Both are warned three minutes and one minute before the end", () => {
  const state = given.active()
  assert.strictEqual(deadlineSeconds(state), 550)
  const first = given.tick(state, 550)
  assert.deepStrictEqual(first.events, [{ _tag: "WarningGiven", at: at(550), remaining_seconds: 180 }])
  assert.strictEqual(deadlineSeconds(first.state), 670)
  const second = given.tick(first.state, 670)
  assert.deepStrictEqual(second.events, [{ _tag: "WarningGiven", at: at(670), remaining_seconds: 60 }])
  assert.strictEqual(deadlineSeconds(second.state), 730)
})

it("A chat no longer than a warning's time gets no such warning", () => {
  assert.strictEqual(deadlineSeconds(paidFor(3)), 120)
  assert.strictEqual(deadlineSeconds(paidFor(1)), 60)
  assertHappened(given.tick(paidFor(1), 60), ["ClosingStarted"])
})

it("The clock runs out to the millisecond, and the grace begins there", () => {
  const state = given.tick(given.active(), 700).state
  assertHappened(given.tick(state, 729.999), [])
  const told = given.tick(state, 730)
  assert.deepStrictEqual(told.events, [
    { _tag: "ClosingStarted", at: at(730), reason: "time_up", closing_ends_at: at(1030) }
  ])
  assert.strictEqual(told.state.ends_at, null)
  assert.deepStrictEqual(told.state.ledger.entries, [
    { state: "served", reason: "paired", from: at(10), to: at(730), charged_ms: 720_000 }
  ])
})

it("A server that was away for a day neither gives nor takes a second", () => {
  const told = given.tick(given.active(), 86_400)
  assert.deepStrictEqual(told.events.map((event) => [event._tag, (event.at - given.T0) / 1000]), [
    ["WarningGiven", 550],
    ["WarningGiven", 670],
    ["ClosingStarted", 730],
    ["SessionCompleted", 1030]
  ])
  assert.isTrue(Ledger.isBalanced(told.state.ledger))
  assert.strictEqual(told.state.ended_at, at(1030))
  assert.strictEqual(endedBy(told), "clock")
})

it("The customer may end early: what was served and what is forfeited make up the purchase", () => {
  const told = given.end(given.active(), 110, customer)
  assert.deepStrictEqual(told.events, [
    { _tag: "ClosingStarted", at: at(110), reason: "ended_by_customer", closing_ends_at: at(410) }
  ])
  assert.deepStrictEqual(told.state.ledger.entries, [
    { state: "served", reason: "paired", from: at(10), to: at(110), charged_ms: 100_000 },
    { state: "forfeited", reason: "ended_by_customer", from: at(110), to: at(110), charged_ms: 620_000 }
  ])
  assert.isTrue(Ledger.isBalanced(told.state.ledger))
})

it("The mitra may end early only where that is allowed", () => {
  assertRefused(given.end(given.active(), 110, mitra(1)), "END_NOT_ALLOWED")
  const told = given.end(given.active(), 110, mitra(1), { settings: { mitra_may_end_session: true } })
  assertHappened(told, ["ClosingStarted"])
  assert.strictEqual(endedBy(given.goodbye(told.state, 120, customer)), "mitra")
})

it("A stranger cannot end the chat, and nobody can end it twice", () => {
  assertRefused(given.end(given.active(), 110, given.otherCustomer), "NOT_A_PARTICIPANT")
  assertRefused(given.end(given.active(), 110, mitra(2)), "NOT_A_PARTICIPANT")
  assertRefused(given.end(given.end(given.active(), 110, customer).state, 111, customer), "SESSION_CLOSING")
})

it("An early end at the instant the time is over was the clock's doing", () => {
  const told = given.end(given.tick(given.active(), 700).state, given.ACTIVE_ENDS, customer)
  assertRefused(told, "SESSION_CLOSING", ["ClosingStarted"])
  assert.strictEqual(told.state.end_reason, "time_up")
})

it("The customer's goodbye completes the session, keeping who ended the paid time", () => {
  const told = given.goodbye(given.end(given.active(), 110, customer).state, 120, customer, " thanks ")
  assert.deepStrictEqual(told.events, [
    { _tag: "GoodbyeLeft", at: at(120), side: "customer", text: "thanks" },
    { _tag: "SessionCompleted", at: at(120), reason: "goodbye", ended_by: "customer" }
  ])
  assert.strictEqual(told.state.customer_goodbye, "thanks")
  assert.strictEqual(told.state.ended_at, at(120))
  assert.strictEqual(told.state.closing_ends_at, null)
})

it("The mitra's goodbye waits for the customer's, or for the end of the grace", () => {
  const left = given.goodbye(given.closing(), 800, mitra(1), "take care")
  assert.strictEqual(left.state.mitra_goodbye, "take care")
  assert.strictEqual(deadlineSeconds(left.state), 1030)
  const completed = given.tick(left.state, 1030)
  assert.deepStrictEqual(completed.events, [
    { _tag: "SessionCompleted", at: at(1030), reason: "grace_over", ended_by: "clock" }
  ])
  assert.strictEqual(completed.state.mitra_goodbye, "take care")
})

it("A second goodbye of the mitra keeps the first", () => {
  const first = given.goodbye(given.closing(), 800, mitra(1), "take care").state
  const again = given.goodbye(first, 801, mitra(1), "something else")
  assertHappened(again, [])
  assert.strictEqual(again.state.mitra_goodbye, "take care")
})

it("A goodbye without words is a goodbye", () => {
  const told = given.goodbye(given.closing(), 800, customer, "  ")
  assertHappened(told, ["GoodbyeLeft", "SessionCompleted"])
  assert.strictEqual(told.state.customer_goodbye, "")
})

it("A goodbye has at most 1,000 characters, counted as a person sees them", () => {
  assertHappened(given.goodbye(given.closing(), 800, mitra(1), "x".repeat(1000)), ["GoodbyeLeft"])
  assertHappened(given.goodbye(given.closing(), 800, mitra(1), "😀".repeat(1000)), ["GoodbyeLeft"])
  const told = given.goodbye(given.closing(), 800, mitra(1), "😀".repeat(1001))
  assertRefused(told, "MESSAGE_TOO_LONG")
  assert.deepStrictEqual(given.refusedDetails(told), { given: 1001, maximum: 1000 })
})

it("A goodbye that no database could keep is refused", () => {
  assertRefused(given.goodbye(given.closing(), 800, mitra(1), "bye\u0000"), "BAD_REQUEST")
  assertRefused(given.goodbye(given.closing(), 800, customer, "\ud83d bye"), "BAD_REQUEST")
})

it("A goodbye from a stranger, or while the chat still runs, is refused", () => {
  assertRefused(given.goodbye(given.closing(), 800, given.otherCustomer), "NOT_A_PARTICIPANT")
  assertRefused(given.goodbye(given.closing(), 800, mitra(2)), "NOT_A_PARTICIPANT")
  assertRefused(given.goodbye(given.active(), 100, customer), "SESSION_NOT_ACTIVE")
})

it("A goodbye at the instant the grace is over comes too late", () => {
  assertRefused(given.goodbye(given.closing(), 1030, customer), "SESSION_OVER", ["SessionCompleted"])
})

it.each(["searching", "pending_acceptance"] as const)("Staff closing a %s request cancels it", (status) => {
  const told = given.forceClose(given.inStatus[status], 5)
  assert.deepStrictEqual(told.events, [{ _tag: "RequestCancelled", at: at(5), by: "staff" }])
  assert.strictEqual(endedBy(told), "staff")
  assert.strictEqual(told.state.ledger.entries.length, 0)
})

it("Staff closing a running chat completes it at once and accounts for the time left", () => {
  const told = given.forceClose(given.active(), 110)
  assertHappened(told, ["ClosingStarted", "SessionCompleted"])
  assert.strictEqual(endedBy(told), "staff")
  assert.strictEqual(told.state.ended_at, at(110))
  assert.deepStrictEqual(told.state.ledger.entries.at(-1), {
    state: "forfeited",
    reason: "force_closed",
    from: at(110),
    to: at(110),
    charged_ms: 620_000
  })
})

it("Staff closing a chat in its grace completes it and leaves the ledger alone", () => {
  const before = given.closing()
  const told = given.forceClose(before, 800)
  assert.deepStrictEqual(told.events, [
    { _tag: "SessionCompleted", at: at(800), reason: "force_closed", ended_by: "staff" }
  ])
  assert.deepStrictEqual(told.state.ledger, before.ledger)
})

it.each(["completed", "cancelled", "expired"] as const)(
  "Staff closing a %s session changes nothing",
  (status) => {
    const before = given.inStatus[status]
    const told = given.forceClose(before, 2000)
    assertHappened(told, [])
    assert.deepStrictEqual(told.state, before)
  }
)
