// When the provider is asked about a payment whose webhook has not come: soon at first, ever more rarely, and
// never for ever.
import { assert, describe, it } from "@effect/vitest"
import { firstCheckAt, nextCheckAt } from "../../src/domain/payment.ts"

const minute = 60_000
const payment = { created_at: 0, expires_at: 20 * minute }

const looksOf = (heard: "open" | "silent") => {
  const looks: Array<number> = []
  for (let at = firstCheckAt("xendit", 0); at !== null; at = nextCheckAt(payment, heard, at)) {
    looks.push(at / minute)
  }
  return looks
}

describe("asking the provider", () => {
  it("makes no sense of one that keeps no books", () => {
    assert.isNull(firstCheckAt("builtin", 0))
  })

  it("happens ever more rarely while a payment can be paid, then each minute for at most an hour", () => {
    const looks = looksOf("open")
    assert.deepStrictEqual(looks.slice(0, 7), [2, 4, 8, 16, 20, 21, 22])
    assert.strictEqual(looks.at(-1), 80)
  })

  it("is tried each minute of silence, and ends an hour after the payment's time", () => {
    const looks = looksOf("silent")
    assert.deepStrictEqual(looks.slice(0, 3), [2, 3, 4])
    assert.strictEqual(looks.at(-1), 80)
  })

  it("ends with the provider's last word, but a payment lives its whole time", () => {
    assert.strictEqual(nextCheckAt(payment, "over", 5 * minute), 20 * minute)
    assert.isNull(nextCheckAt(payment, "over", 20 * minute))
  })
})
