// What a request wants of a mitra: no mitra is asked who is not that, whose turn it is among requests that
// want different things, and what a request is told that nobody fits.
import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  competing,
  fits,
  languages,
  type Older,
  olderCount,
  type Profile,
  profileOf,
  usualProfile
} from "../../../src/domain/matching.ts"
import { search, wantedBy } from "../../../src/domain/pairing.ts"
import type { NewRequest } from "../../../src/domain/session/open.ts"
import { topics } from "../../../src/domain/session/state.ts"
import { defaultSettings } from "../../../src/domain/settings.ts"
import * as given from "./given.ts"
import { at, candidate } from "./given.ts"

const anyWanted = fc.record({
  topic: fc.constantFrom(...topics),
  language: fc.option(fc.constantFrom(...languages), { freq: 2 })
})
const anyProfile: fc.Arbitrary<Profile> = fc.record({
  languages: fc.subarray([...languages], { minLength: 1 }),
  topics: fc.subarray([...topics], { minLength: 1 })
})
const anyOlder: fc.Arbitrary<ReadonlyArray<Older>> = fc.array(
  fc.tuple(anyWanted, fc.integer({ min: 1, max: 9 })).map(([wanted, requests]) => ({ ...wanted, requests })),
  { maxLength: 6 }
)
const english: NewRequest = { ...given.blast, language: "en" }
const causeOf = (told: given.Told): string | null => told.state.end_reason

it("A mitra fits who takes the topic and speaks the language; without one any language will do", () => {
  const dara: Profile = { languages: ["id", "en"], topics: ["regular"] }
  assert.isTrue(fits(dara, { topic: "regular", language: null }))
  assert.isTrue(fits(dara, { topic: "regular", language: "en" }))
  assert.isFalse(fits(dara, { topic: "regular", language: "jv" }))
  assert.isFalse(fits(dara, { topic: "sensitive", language: "en" }))
  assert.isTrue(topics.every((topic) => fits(usualProfile, { topic, language: "id" })))
})

it("A look asks all who fit and nobody else, in the order given, whoever brought the candidates", () => {
  fc.assert(fc.property(anyWanted, fc.array(anyProfile, { maxLength: 8 }), (wanted, profiles) => {
    const state = given.searching({ ...given.blast, ...wanted })
    const candidates = profiles.map((profile, index) => candidate(index, 0, profile))
    const event = search(state, { candidates, ahead: 0, others_are_free: false }, defaultSettings, at(0))
    const asked = event._tag === "OffersSent" ? event.offers.map(({ mitra_id }) => mitra_id) : []
    const expected = candidates.filter((each) => fits(each, wantedBy(state))).map(({ mitra_id }) => mitra_id)
    assert.deepStrictEqual(asked, expected)
  }))
})

it("Only older requests are ahead that could take one of the same mitras", () => {
  fc.assert(fc.property(anyOlder, fc.array(anyProfile, { maxLength: 5 }), (older, profiles) => {
    const ahead = competing(older, profiles)
    assert.isAtMost(ahead, olderCount(older))
    assert.strictEqual(competing(older, []), 0)
    const others = older.filter((wanted) => !profiles.some((profile) => fits(profile, wanted)))
    assert.strictEqual(ahead + olderCount(others), olderCount(older))
  }))
  const javanese: Older = { topic: "regular", language: "jv", requests: 3 }
  assert.strictEqual(competing([javanese], [usualProfile]), 0)
  assert.strictEqual(competing([javanese], [{ ...usualProfile, languages: ["id", "jv"] }]), 3)
})

it("A profile has one form: each thing once, in the order of the lists", () => {
  fc.assert(fc.property(anyProfile, fc.array(fc.constantFrom(...languages)), (profile, more) => {
    const mixed = { ...profile, languages: [...more, ...profile.languages].toReversed() }
    const once = profileOf(mixed)
    assert.deepStrictEqual(profileOf(once), once)
    assert.sameMembers([...new Set(mixed.languages)], [...once.languages])
  }))
})

it("A request nobody fits is told so at the end of its window, and asks nobody else instead", () => {
  const state = given.tick(given.searching(english), 0, { candidates: [candidate(1)] }).state
  assert.deepStrictEqual(state.offers, [])
  assert.strictEqual(causeOf(given.tick(state, 60, { others_are_free: true })), "no_mitra_fits")
  assert.strictEqual(causeOf(given.tick(state, 60, {})), "no_mitra_available")
})

it("Without the line it is told at once", () => {
  const world = { settings: { pairing_queue_enabled: false }, candidates: [] }
  assert.strictEqual(
    causeOf(given.tick(given.searching(english), 0, { ...world, others_are_free: true })),
    "no_mitra_fits"
  )
  assert.strictEqual(causeOf(given.tick(given.searching(english), 0, world)), "no_mitra_available")
})

it("The same bestie again is asked only for what she takes", () => {
  const sensitive: NewRequest = { ...given.targeted, topic: "sensitive" }
  const shy = candidate(1, 0, { languages: ["id"], topics: ["regular"] })
  const { state } = given.tick(given.searching(sensitive), 0, { candidates: [shy] })
  assert.strictEqual(causeOf(given.tick(state, 20, { others_are_free: true })), "no_mitra_fits")
  assert.strictEqual(causeOf(given.tick(state, 20, {})), "returning_chat_timeout")
})
