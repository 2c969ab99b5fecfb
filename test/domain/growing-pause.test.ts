// Pauses between tries: twice as long each time, up to a bound that no number of failures passes.
import { assert, describe, it } from "@effect/vitest"
import { growingPause } from "../../src/domain/growing-pause.ts"

describe("a pause that grows", () => {
  it("doubles from its first length to its longest, and stays there", () => {
    const pauses = [0, 1, 2, 3, 4, 40, 5000].map((times) => growingPause(times, 100, 1_000))
    assert.deepStrictEqual(pauses, [100, 200, 400, 800, 1_000, 1_000, 1_000])
  })
})
