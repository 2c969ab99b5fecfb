// Looking for a mitra: which mitras are asked in which wave, when the next look is, and which cause a
// request gets that found none.
import { assert, it } from "@effect/vitest"
import { wantsCandidates } from "../../../src/domain/pairing.ts"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, candidate, candidates, deadlineSeconds, mitra } from "./given.ts"

const asked = (told: given.Told): ReadonlyArray<string> =>
  told.events.flatMap((event) =>
    event._tag === "OffersSent" ? event.offers.map((offer) => offer.mitra_id) : []
  )
const ids = (...numbers: ReadonlyArray<number>): ReadonlyArray<string> => numbers.map((n) => `mitra-${n}`)
const waves: given.World["settings"] = { pairing_wave_size: 2, pairing_wave_seconds: 15 }
const causeOf = (told: given.Told): string | null => told.state.end_reason

it("A new request looks at once, for sixty seconds as a blast and for twenty as a targeted one", () => {
  const blast = given.searching()
  assert.isTrue(wantsCandidates(blast, at(0)))
  assert.strictEqual(blast.search_ends_at, at(60))
  assert.strictEqual(given.searching(given.targeted).search_ends_at, at(20))
  assert.strictEqual(deadlineSeconds(blast), 0)
})

it("A blast asks everybody at once, in the order given, with the same deadline", () => {
  const told = given.tick(given.searching(), 0, { candidates: [candidate(3, 2), candidate(1)] })
  assert.deepStrictEqual(asked(told), ids(3, 1))
  assert.deepStrictEqual(told.state.offers[0], {
    mitra_id: "mitra-3",
    mitra_name: "Bestie 3",
    status: "pending",
    ending: null,
    wave: 1,
    sent_at: at(0),
    deadline_at: at(60),
    responded_at: null,
    sessions_at_offer: 2
  })
})

it("A blast looks again a few seconds later for mitras who came online, and asks nobody twice", () => {
  const first = given.tick(given.searching(), 0, { candidates: candidates(2) })
  assert.strictEqual(deadlineSeconds(first.state), 3)
  const second = given.tick(first.state, 3, { candidates: candidates(3) })
  assert.deepStrictEqual(asked(second), ids(3))
  assert.strictEqual(second.state.wave, 2)
})

it("Waves ask so many at a time, each wave after its seconds", () => {
  const world = { settings: waves, candidates: candidates(5) }
  const first = given.tick(given.searching(), 0, world)
  assert.deepStrictEqual(asked(first), ids(1, 2))
  assert.strictEqual(deadlineSeconds(first.state), 15)
  assertHappened(given.tick(first.state, 14.999, world), [])
  const second = given.tick(first.state, 15, world)
  assert.deepStrictEqual(asked(second), ids(3, 4))
  assert.deepStrictEqual(asked(given.tick(second.state, 30, world)), ids(5))
})

it("Waves widen where the settings say so, up to the bound", () => {
  const world = {
    settings: { ...waves, pairing_wave_growth: 3, pairing_offers_max: 10 },
    candidates: candidates(20)
  }
  const first = given.tick(given.searching(), 0, world)
  assert.deepStrictEqual(asked(first), ids(1, 2))
  const second = given.tick(first.state, 15, world)
  assert.deepStrictEqual(asked(second), ids(3, 4, 5, 6, 7, 8))
  assert.deepStrictEqual(asked(given.tick(second.state, 30, world)), ids(9, 10))
})

it("The next wave goes out at once when everybody in the first has declined", () => {
  const world = { settings: waves, candidates: candidates(3) }
  const first = given.tick(given.searching(), 0, world).state
  const one = given.decline(first, 4, mitra(1))
  assert.strictEqual(deadlineSeconds(one.state), 15)
  const both = given.decline(one.state, 5, mitra(2))
  assert.strictEqual(deadlineSeconds(both.state), 5)
  assert.deepStrictEqual(asked(given.tick(both.state, 5, world)), ids(3))
})

it("All declined at once ends the request, when nobody else is there to ask", () => {
  const one = given.decline(given.offered(2), 4, mitra(1)).state
  const both = given.decline(one, 5, mitra(2)).state
  const told = given.tick(both, 5, { candidates: candidates(2) })
  assert.deepStrictEqual(told.events, [{ _tag: "RequestExpired", at: at(5), cause: "all_declined" }])
})

it("All declined in waves ends the request only when the last wave has declined", () => {
  const world = { settings: waves, candidates: candidates(3) }
  const first = given.tick(given.searching(), 0, world).state
  const declined = given.decline(given.decline(first, 4, mitra(1)).state, 5, mitra(2)).state
  const second = given.tick(declined, 5, world).state
  assert.strictEqual(second.status, "pending_acceptance")
  const told = given.tick(given.decline(second, 6, mitra(3)).state, 6, world)
  assert.deepStrictEqual(told.events, [{ _tag: "RequestExpired", at: at(6), cause: "all_declined" }])
})

it("A request whose only offer was withdrawn keeps looking", () => {
  const { state } = given.withdraw(given.offered(1), 5, 1)
  assert.strictEqual(deadlineSeconds(state), 5)
  const vain = given.tick(state, 5, { candidates: [] })
  assertHappened(vain, ["SearchedInVain"])
  assert.deepStrictEqual(
    asked(given.tick(vain.state, 8, { candidates: [candidate(1), candidate(2)] })),
    ids(2)
  )
})

it("A look that finds nobody only moves the next look, and phones do not hear of it", () => {
  const told = given.tick(given.searching(), 0, { candidates: [] })
  assertHappened(told, ["SearchedInVain"])
  assert.strictEqual(told.state.status, "searching")
  assert.strictEqual(told.state.last_seq, 0)
  assert.strictEqual(deadlineSeconds(told.state), 3)
})

it("A look that finds nobody is soon repeated also when offers go out in waves", () => {
  const world = { settings: { ...waves, pairing_wave_seconds: 60 } }
  const told = given.tick(given.searching(), 0, { ...world, candidates: [] })
  assert.strictEqual(deadlineSeconds(told.state), 3)
  assert.deepStrictEqual(asked(given.tick(told.state, 3, { ...world, candidates: candidates(1) })), ids(1))
})

it("When candidates cannot be read the look stays due and nothing is concluded", () => {
  const told = given.tick(given.searching(), 0, { candidates: null })
  assertHappened(told, [])
  assert.isTrue(wantsCandidates(told.state, at(1)))
})

it("Candidates are wanted only while a look is due and the window is open", () => {
  assert.isFalse(wantsCandidates(given.offered(), at(2.999)))
  assert.isTrue(wantsCandidates(given.offered(), at(3)))
  assert.isTrue(wantsCandidates(given.searching(), at(59.999)))
  assert.isFalse(wantsCandidates(given.searching(), at(60)))
  for (const state of [given.active(), given.closing(), given.cancelled(), given.expired()]) {
    assert.isFalse(wantsCandidates(state, at(5)))
  }
})

it("Candidates that nobody asked for are not used", () => {
  const { state } = given.tick(given.searching(), 0, { candidates: candidates(1) })
  assertHappened(given.tick(state, 1, { candidates: candidates(3) }), [])
  assertHappened(given.tick(given.active(), 20, { candidates: candidates(3) }), [])
})

it("No further look is planned where it would fall outside the window", () => {
  const { state } = given.tick(given.offered(1), 58, { candidates: [] })
  assert.strictEqual(state.next_wave_at, null)
  assert.strictEqual(deadlineSeconds(state), 60)
})

it("A request never makes more offers than its bound, over all looks together", () => {
  const world = { settings: { pairing_offers_max: 3 }, candidates: candidates(5) }
  const first = given.tick(given.searching(), 0, { ...world, candidates: candidates(2) })
  const second = given.tick(first.state, 3, world)
  assert.deepStrictEqual(asked(second), ids(3))
  assert.strictEqual(deadlineSeconds(second.state), 60)
})

it("A targeted request does not look again once its mitra is asked", () => {
  const { state } = given.tick(given.searching(given.targeted), 0, { candidates: [candidate(1)] })
  assert.strictEqual(deadlineSeconds(state), 20)
  assert.strictEqual(deadlineSeconds(given.withdraw(state, 5, 1).state), 5)
  const vain = given.tick(given.withdraw(state, 5, 1).state, 5, { candidates: [] })
  assert.strictEqual(deadlineSeconds(vain.state), 20)
})

it("A targeted request asks only its mitra", () => {
  const told = given.tick(given.searching(given.targeted), 0, { candidates: [candidate(2), candidate(1)] })
  assert.deepStrictEqual(asked(told), ids(1))
  assert.strictEqual(told.state.offers[0]?.deadline_at, at(20))
})

it("A targeted request waits for its mitra to come online", () => {
  const vain = given.tick(given.searching(given.targeted), 0, { candidates: [candidate(2)] })
  assertHappened(vain, ["SearchedInVain"])
  assert.deepStrictEqual(asked(given.tick(vain.state, 3, { candidates: [candidate(1)] })), ids(1))
})

it("A targeted request that is not answered in time is a returning chat timeout", () => {
  const { state } = given.tick(given.searching(given.targeted), 0, { candidates: [candidate(1)] })
  assertRefused(given.accept(state, 20, mitra(1)), "OFFER_EXPIRED", ["RequestExpired"])
  assert.strictEqual(causeOf(given.tick(state, 20)), "returning_chat_timeout")
  assert.strictEqual(causeOf(given.tick(given.searching(given.targeted), 20)), "returning_chat_timeout")
})

it("A targeted request that was declined says so, whenever that is noticed", () => {
  const { state } = given.tick(given.searching(given.targeted), 0, { candidates: [candidate(1)] })
  const declined = given.decline(state, 5, mitra(1)).state
  assert.strictEqual(causeOf(given.tick(declined, 5, { candidates: [candidate(1)] })), "all_declined")
  assert.strictEqual(causeOf(given.tick(declined, 20)), "all_declined")
})

it("A blast that ends says whether nobody was there, all declined, or the time was over", () => {
  assert.strictEqual(causeOf(given.tick(given.searching(), 60)), "no_mitra_available")
  assert.strictEqual(
    causeOf(given.tick(given.decline(given.offered(1), 59, mitra(1)).state, 60)),
    "all_declined"
  )
  assert.strictEqual(
    causeOf(given.tick(given.decline(given.offered(2), 59, mitra(1)).state, 60)),
    "window_over"
  )
})

it("A request ends at its deadline, however late that is noticed", () => {
  const { state } = given.tick(given.offered(), 3600)
  assert.strictEqual(state.ended_at, at(60))
  assert.strictEqual(state.ended_by, "clock")
})

it("A younger request asks only when there are more places than older ones may take", () => {
  const one = { settings: { max_customers_per_mitra: 3 }, candidates: [candidate(1, 1)] }
  assert.deepStrictEqual(asked(given.tick(given.searching(), 0, { ...one, waiting_ahead: 1 })), ids(1))
  const held = given.tick(given.searching(), 0, { ...one, waiting_ahead: 2 })
  assertHappened(held, ["SearchedInVain"])
  assert.strictEqual(deadlineSeconds(held.state), 3)
  const off = { ...one, settings: { ...one.settings, pairing_queue_enabled: false }, waiting_ahead: 2 }
  assert.deepStrictEqual(asked(given.tick(given.searching(), 0, off)), ids(1))
  assert.deepStrictEqual(
    asked(given.tick(given.searching(given.targeted), 0, { ...one, waiting_ahead: 9 })),
    ids(1)
  )
})

it("With more mitras than are counted, no request waits", () => {
  const world = { candidates: candidates(200), waiting_ahead: 200, settings: { max_customers_per_mitra: 1 } }
  assert.lengthOf(asked(given.tick(given.searching(), 0, world)), 200)
})

it("A look out of turn asks the mitras it finds, and leaves no trace when it finds none", () => {
  const { state } = given.tick(given.searching(), 0, { candidates: [] })
  const look = { _tag: "Requeue" } as const
  assert.deepStrictEqual(asked(given.tell(state, 1, look, { candidates: candidates(1) })), ids(1))
  assertHappened(given.tell(state, 1, look, { candidates: [] }), [])
})

it("Without the line, a request ends at once when nobody is there", () => {
  const world = { settings: { pairing_queue_enabled: false }, candidates: [] }
  assert.strictEqual(causeOf(given.tick(given.searching(), 0, world)), "no_mitra_available")
})

it("Only the customer of the request may cancel it", () => {
  assertRefused(given.cancel(given.offered(), 5, given.otherCustomer), "NOT_A_PARTICIPANT")
  assertRefused(given.cancel(given.offered(), 5, mitra(1)), "NOT_A_PARTICIPANT")
  assertRefused(given.cancel(given.active(), 20, mitra(1)), "NOT_A_PARTICIPANT")
})

it("A cancel is recorded as the customer's, and cancelling again changes nothing", () => {
  const told = given.cancel(given.offered(), 20)
  assert.deepStrictEqual(told.events, [{ _tag: "RequestCancelled", at: at(20), by: "customer" }])
  assert.strictEqual(told.state.ended_by, "customer")
  assertHappened(given.cancel(told.state, 21), [])
})

it("A cancel at the instant the window is over comes too late", () => {
  assertRefused(given.cancel(given.offered(), 60), "REQUEST_NOT_OPEN", ["RequestExpired"])
})
