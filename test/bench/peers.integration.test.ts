// The bench against peers, for seconds: every scenario runs with every contender, and whatever was sent is
// counted again where it must arrive. How long anything takes does not matter here.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { inject } from "vitest"
import { readOptions } from "../../bench/peers/options.ts"
import { runPeers } from "../../bench/peers/run.ts"
import { catalogue } from "../../bench/peers/scenarios/catalogue.ts"

describe("the bench against peers", () => {
  it.live(
    "runs every scenario with every contender, and all that it counts adds up",
    () =>
      Effect.gen(function*() {
        const options = { ...readOptions(["--smoke"]), postgres: inject("postgresUrl") }
        const { contenders, rounds } = yield* runPeers(options, () => {})
        assert.deepStrictEqual(contenders, ["ours", "seed", "floor"])
        const expected = catalogue.filter(({ optional }) => optional !== true).flatMap((
          { name, without = [] }
        ) =>
          contenders.filter((contender) => !without.includes(contender)).map((contender) =>
            `${name} ${contender}`
          )
        )
        const ran = rounds.map(({ contender, scenario }) => `${scenario} ${contender}`)
        assert.sameMembers(ran, expected)
        for (const { contender, counts, figures, scenario } of rounds) {
          for (const record of counts) {
            const [first = 0, ...others] = Object.values(record)
            const what = `${scenario} of ${contender}: ${JSON.stringify(record)}`
            assert.isAbove(first, 0, what)
            assert.deepStrictEqual(others, others.map(() => first), what)
          }
          for (const { title, value } of figures) {
            assert.isNotNaN(value, `${scenario} of ${contender}: ${title}`)
          }
        }
      }),
    150_000
  )
})
