// Accepting, declining and losing offers: the first accept wins, the same mitra asking twice gets the
// same yes, and every mitra who is late is told why.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, mitra } from "./given.ts"

it("The winner gets the session, the clock and the slot in one event, and the others have missed it", () => {
  const told = given.accept(given.offered(3), 10, mitra(2))
  assert.deepStrictEqual(told.events, [
    { _tag: "Paired", at: at(10), mitra_id: "mitra-2", mitra_name: "Bestie 2", ends_at: at(730) }
  ])
  const { state } = told
  assert.strictEqual(state.mitra_id, "mitra-2")
  assert.strictEqual(state.mitra_name, "Bestie 2")
  assert.strictEqual(state.started_at, at(10))
  assert.strictEqual(state.ends_at, at(730))
  assert.strictEqual(state.next_wave_at, null)
  assert.deepStrictEqual(given.offerStatuses(state), [
    "mitra-1 missed taken",
    "mitra-2 accepted -",
    "mitra-3 missed taken"
  ])
  assert.deepStrictEqual(state.ledger.open, { state: "served", reason: "paired", from: at(10) })
})

it("The winner's response time is the instant she accepted", () => {
  const { state } = given.accept(given.offered(2), 10, mitra(2))
  assert.strictEqual(state.offers[1]?.responded_at, at(10))
  // A mitra who missed it has not answered: she must not count as quick, or as slow.
  assert.strictEqual(state.offers[0]?.responded_at, null)
})

it("Of two accepts in the same instant the first wins and the second is told it was taken", () => {
  const first = given.accept(given.offered(2), 10, mitra(1))
  const second = given.accept(first.state, 10, mitra(2))
  assertHappened(first, ["Paired"])
  assertRefused(second, "OFFER_TAKEN")
  assert.strictEqual(second.state.mitra_id, "mitra-1")
})

it("Accepting twice gets the same yes and changes nothing, even after the chat has begun", () => {
  const again = given.accept(given.active(), 300, mitra(1))
  assertHappened(again, [])
  assert.strictEqual(again.state.started_at, at(10))
  assert.strictEqual(Result.getOrThrow(again.reply).status, "active")
})

it("Accepting twice gets a yes even when the chat is over by then", () => {
  assertHappened(given.accept(given.completed(), 2000, mitra(1)), [])
})

it("One millisecond before the window is over an accept still wins", () => {
  const told = given.accept(given.offered(), 59.999, mitra(1))
  assertHappened(told, ["Paired"])
  assert.strictEqual(told.state.ends_at, at(59.999 + 720))
})

it("An accept at the very instant the window is over loses to the clock and is told so", () => {
  const told = given.accept(given.offered(), 60, mitra(1))
  assertRefused(told, "OFFER_EXPIRED", ["RequestExpired"])
  assert.strictEqual(told.state.status, "expired")
  assert.deepStrictEqual(told.events[0]?.at, at(60))
})

it("A late accept is told it was taken", () => {
  const told = given.accept(given.active(), 11, mitra(3))
  assertRefused(told, "OFFER_TAKEN")
  assert.deepStrictEqual(given.refusedDetails(told), {
    session_id: "session-1",
    ending: "taken"
  })
})

it("A late accept is told the request was cancelled", () => {
  assertRefused(given.accept(given.cancelled(), 21, mitra(1)), "OFFER_CANCELLED")
})

it("A late accept after staff closed the request is told it was cancelled", () => {
  const { state } = given.forceClose(given.offered(), 5)
  assertRefused(given.accept(state, 6, mitra(1)), "OFFER_CANCELLED")
})

it("A late accept is told the time was over", () => {
  assertRefused(given.accept(given.expired(), 90, mitra(1)), "OFFER_EXPIRED")
})

it("A mitra who declined cannot accept any more", () => {
  const { state } = given.decline(given.offered(), 5, mitra(1))
  assertRefused(given.accept(state, 6, mitra(1)), "OFFER_CLOSED")
})

it("A mitra whose offer was withdrawn can neither accept nor decline it", () => {
  const { state } = given.withdraw(given.offered(), 5, 1)
  assertRefused(given.accept(state, 6, mitra(1)), "OFFER_CLOSED")
  assertRefused(given.decline(state, 6, mitra(1)), "OFFER_CLOSED")
})

it("The winner cannot decline what she has accepted", () => {
  assertRefused(given.decline(given.active(), 11, mitra(1)), "OFFER_CLOSED")
})

it("A mitra who was never asked finds no offer, and neither does a customer with a mitra's id", () => {
  assertRefused(given.accept(given.offered(2), 1, mitra(9)), "OFFER_NOT_FOUND")
  assertRefused(given.decline(given.offered(2), 1, mitra(9)), "OFFER_NOT_FOUND")
  assertRefused(given.accept(given.offered(2), 1, { side: "customer", id: "mitra-1" }), "OFFER_NOT_FOUND")
  assertRefused(given.decline(given.offered(2), 1, { side: "customer", id: "mitra-1" }), "OFFER_NOT_FOUND")
})

it("A decline is noted with its time and leaves the others asked", () => {
  const told = given.decline(given.offered(2), 5, mitra(1))
  assertHappened(told, ["OfferDeclined"])
  assert.deepStrictEqual(given.offerStatuses(told.state), [
    "mitra-1 declined declined",
    "mitra-2 pending -"
  ])
  assert.strictEqual(told.state.offers[0]?.responded_at, at(5))
})

it("Declining twice changes nothing and is no error", () => {
  assertHappened(given.decline(given.decline(given.offered(), 5, mitra(1)).state, 6, mitra(1)), [])
})

it("A withdrawn offer counts as ignored, with no response time", () => {
  const told = given.withdraw(given.offered(2), 5, 1)
  assertHappened(told, ["OfferWithdrawn"])
  assert.deepStrictEqual(given.offerStatuses(told.state), [
    "mitra-1 ignored withdrawn",
    "mitra-2 pending -"
  ])
  assert.strictEqual(told.state.offers[0]?.responded_at, null)
})

it("Withdrawing from a mitra who was not asked, or who has answered, changes nothing", () => {
  assertHappened(given.withdraw(given.offered(2), 5, 9), [])
  assertHappened(given.withdraw(given.decline(given.offered(2), 5, mitra(1)).state, 6, 1), [])
  assertHappened(given.withdraw(given.active(), 20, 1), [])
})

it("Offers that nobody answered are ignored when the request is cancelled or expires", () => {
  assert.deepStrictEqual(given.offerStatuses(given.cancel(given.offered(1), 5).state), [
    "mitra-1 ignored cancelled"
  ])
  assert.deepStrictEqual(given.offerStatuses(given.tick(given.offered(1), 60).state), [
    "mitra-1 ignored expired"
  ])
})

it("An answer already given is kept when the request ends", () => {
  const { state } = given.cancel(given.decline(given.offered(2), 5, mitra(1)).state, 20)
  assert.deepStrictEqual(given.offerStatuses(state), [
    "mitra-1 declined declined",
    "mitra-2 ignored cancelled"
  ])
})
