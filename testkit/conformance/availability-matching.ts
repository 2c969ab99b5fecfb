// Who is asked for what: the topic and the language a request wants, and what each mitra may be asked for.
// Part of the suite of every Availability adapter.
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Language, languages, usualProfile } from "../../src/domain/matching.ts"
import { type Topic, topics } from "../../src/domain/session/state.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { candidates, everybody, online, put, type Suite } from "./availability-given.ts"
import { idOfMitra } from "./mitra-rows.ts"

const wanted = (topic: Topic, language: Language | null = null) => ({ wanted: { topic, language } })

export const matching = (behaviour: Suite): void => {
  behaviour(
    "asks only mitras who take the topic and speak the language, in the same order as ever",
    () =>
      Effect.gen(function*() {
        yield* put(
          online(1, { languages: ["id", "jv"] }),
          online(2, { languages: ["en"], last_offer_at: 1 }),
          online(3, { topics: ["sensitive"], sessions: 1 }),
          online(4, { topics: ["regular"], languages: ["id", "en"], sessions: 2 }),
          online(5, { languages: ["en"], sessions: 3 })
        )
        assert.deepStrictEqual(yield* candidates(wanted("regular")), [1, 2, 4])
        assert.deepStrictEqual(yield* candidates(wanted("sensitive")), [1, 2, 3])
        assert.deepStrictEqual(yield* candidates(wanted("regular", "en")), [2, 4])
        assert.deepStrictEqual(yield* candidates({ ...wanted("regular", "en"), limit: 1 }), [2])
        assert.deepStrictEqual(yield* candidates(wanted("sensitive", "id")), [1, 3])
        assert.deepStrictEqual(yield* candidates(wanted("sensitive", "jv")), [1])
        assert.deepStrictEqual(yield* candidates(wanted("regular", "su")), [])
        const en = wanted("regular", "en")
        assert.deepStrictEqual(yield* candidates({ ...en, only: idOfMitra(2) }), [2])
        assert.deepStrictEqual(yield* candidates({ ...en, only: idOfMitra(1) }), [])
        assert.deepStrictEqual(yield* candidates({ ...en, exclude: [idOfMitra(2)] }), [4])
      })
  )

  behaviour(
    "says what each candidate may be asked for, and asks a mitra anew when that changed",
    () =>
      Effect.gen(function*() {
        yield* put(online(1, { languages, topics: ["sensitive"] }), online(2))
        const port = yield* Availability
        const found = yield* port.candidates({ ...everybody, ...wanted("sensitive") })
        assert.deepStrictEqual(found.map(({ languages, topics }) => ({ languages, topics })), [
          { languages, topics: ["sensitive"] },
          usualProfile
        ])
        yield* put(online(1, { languages: ["bug"], topics }), online(2, { topics: ["regular"] }))
        yield* port.changed([idOfMitra(1), idOfMitra(2)])
        assert.deepStrictEqual(yield* candidates(wanted("sensitive", "id")), [])
        assert.deepStrictEqual(yield* candidates(wanted("sensitive", "bug")), [1])
        assert.deepStrictEqual(yield* candidates(wanted("regular", "bug")), [1])
        assert.deepStrictEqual(yield* candidates(wanted("regular")), [1, 2])
      })
  )
}
