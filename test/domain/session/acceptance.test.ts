// How long one mitra has to answer an offer, apart from how long its request looks: what ends, what she is
// told who answers late, and what the waves do then.
import { assert, it } from "@effect/vitest"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, candidates, deadlineSeconds, mitra } from "./given.ts"

const asked = (told: given.Told): ReadonlyArray<string> =>
  told.events.flatMap((event) =>
    event._tag === "OffersSent" ? event.offers.map((offer) => offer.mitra_id) : []
  )
const ids = (...numbers: ReadonlyArray<number>): ReadonlyArray<string> => numbers.map((n) => `mitra-${n}`)
const waves: given.World["settings"] = { pairing_wave_size: 2, pairing_wave_seconds: 15 }

const inTenSeconds: given.World["settings"] = { pairing_acceptance_seconds: 10 }

it("A mitra has so long to answer, her offer ends, and her late accept is told the time was over", () => {
  const first = given.tick(given.searching(), 0, { settings: inTenSeconds, candidates: candidates(2) }).state
  assert.deepStrictEqual(first.offers.map((offer) => offer.deadline_at), [at(10), at(10)])
  const look = given.tick(first, 3, { settings: inTenSeconds, candidates: candidates(3) }).state
  assertHappened(given.tick(look, 9.999, {}), [])
  const told = given.tick(look, 10, { candidates: null })
  assert.deepStrictEqual(told.events, [{ _tag: "OffersLapsed", at: at(10), mitra_ids: ids(1, 2) }])
  assert.deepStrictEqual(
    told.state.offers.map(({ ending, responded_at, status }) => [status, ending, responded_at]),
    [
      ["ignored", "expired", null],
      ["ignored", "expired", null],
      ["pending", null, null]
    ]
  )
  assertRefused(given.accept(told.state, 11, mitra(1)), "OFFER_EXPIRED")
  assert.strictEqual(given.accept(told.state, 11, mitra(3)).state.status, "active")
})

it("An accept that comes when her time is over is refused before any timer has fired", () => {
  const { state } = given.tick(given.searching(), 0, { settings: inTenSeconds, candidates: candidates(1) })
  assert.strictEqual(given.accept(state, 9.999, mitra(1)).state.status, "active")
  assertRefused(given.accept(state, 10, mitra(1)), "OFFER_EXPIRED", ["OffersLapsed"])
})

it("When a whole wave let its time pass the next one goes out at once, and asks nobody again", () => {
  const world = { settings: { ...waves, ...inTenSeconds }, candidates: candidates(3) }
  const first = given.tick(given.searching(), 0, world).state
  assert.strictEqual(deadlineSeconds(first), 10)
  const second = given.tick(first, 10, world)
  assertHappened(second, ["OffersLapsed", "OffersSent"])
  assert.deepStrictEqual(asked(second), ids(3))
  const third = given.tick(second.state, 20, world)
  assertHappened(third, ["OffersLapsed", "SearchedInVain"])
  assert.strictEqual(given.tick(third.state, 60, world).state.end_reason, "window_over")
})

it("No offer is open longer than its request, and a targeted one has its own time to answer", () => {
  const late = given.tick(given.searching(), 55, { settings: inTenSeconds, candidates: candidates(1) }).state
  assert.strictEqual(late.offers[0]?.deadline_at, at(60))
  assertHappened(given.tick(late, 60, {}), ["RequestExpired"])
  const world = { settings: inTenSeconds, candidates: candidates(1) }
  const { state } = given.tick(given.searching(given.targeted), 0, world)
  assert.strictEqual(state.offers[0]?.deadline_at, at(20))
})
