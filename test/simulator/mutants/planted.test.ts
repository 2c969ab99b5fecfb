// The bugs planted by hand: each is still found in the code, and can be chosen at run time beside all others.
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { parseSync } from "oxc-parser"
import { byHand } from "../../../simulator/mutants/mechanical/by-hand.ts"
import { plantedMutants } from "../../../simulator/mutants/mechanical/planted.ts"
import { woven } from "../../../simulator/mutants/mechanical/weave.ts"

describe("bugs planted by hand", () => {
  it("are found in the code as it is, each once, and leave a file that can be read", () => {
    const planted = plantedMutants()
    assert.strictEqual(planted.length, byHand.length)
    assert.strictEqual(new Set(byHand.map(({ name }) => name)).size, byHand.length)
    for (const [file, some] of Map.groupBy(planted, (mutant) => mutant.file)) {
      const text = woven(Fs.readFileSync(file, "utf8"), some, "./switch.ts")
      assert.deepStrictEqual(parseSync(file, text).errors, [], file)
    }
  })
})
