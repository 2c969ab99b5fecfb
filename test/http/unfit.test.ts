// A runner's part in the cluster, look by look: a hand-over is nothing, a lost part warns, and one that stays
// away is an error, once.
import { assert, describe, it } from "@effect/vitest"
import { makePartWatch, partlessForMs, partlessTooLongMs } from "../../src/http/unfit.ts"

const from = 1_000_000

describe("a runner without a part in the cluster", () => {
  it("is out after two seconds, warns once, and is an error once where it lasts", () => {
    const look = makePartWatch()
    assert.strictEqual(look(true, from), "clear")
    assert.strictEqual(look(false, from), "nothing")
    assert.strictEqual(look(false, from + partlessForMs - 1), "nothing")
    assert.strictEqual(look(false, from + partlessForMs), "warn")
    assert.strictEqual(look(false, from + partlessForMs + 500), "raise")
    assert.strictEqual(look(false, from + partlessTooLongMs), "complain")
    assert.strictEqual(look(false, from + partlessTooLongMs + 500), "raise")
    assert.strictEqual(look(true, from + partlessTooLongMs + 1_000), "clear")
    assert.strictEqual(look(true, from + partlessTooLongMs + 1_500), "nothing")
  })

  it("begins without one, and says so only where it stays so", () => {
    const look = makePartWatch()
    assert.strictEqual(look(false, from), "nothing")
    assert.strictEqual(look(false, from + partlessForMs), "raise")
    assert.strictEqual(look(false, from + partlessTooLongMs), "complain")
  })

  it("that is back within two seconds has told nobody", () => {
    const look = makePartWatch()
    look(true, from)
    assert.strictEqual(look(false, from + 500), "nothing")
    assert.strictEqual(look(true, from + 1_000), "nothing")
    assert.strictEqual(look(false, from + partlessForMs), "nothing")
  })
})
