// The rate of one connection: a burst, then a steady rate; refused too often within a window is flooding.
import { assert, describe, it } from "@effect/vitest"
import { TokenBucket } from "../../../src/http/socket/token-bucket.ts"

const limits = { request_burst: 5, requests_per_second: 10, refused_max: 3, refused_window_ms: 1_000 }
const tags = (count: number, take: () => { readonly _tag: string }) =>
  Array.from({ length: count }, () => take()._tag)

describe("a token bucket", () => {
  it("admits its burst at once, then one per interval", () => {
    const bucket = new TokenBucket(limits)
    assert.deepStrictEqual(tags(5, () => bucket.take(0)), Array.from({ length: 5 }, () => "Admitted"))
    assert.deepStrictEqual(bucket.take(0), { _tag: "Refused", retry_after_ms: 100 })
    assert.deepStrictEqual(bucket.take(40), { _tag: "Refused", retry_after_ms: 60 })
    assert.strictEqual(bucket.take(100)._tag, "Admitted")
    assert.strictEqual(bucket.take(100)._tag, "Refused")
  })

  it("never saves up more than its burst", () => {
    const bucket = new TokenBucket(limits)
    bucket.take(0)
    assert.deepStrictEqual(
      tags(6, () => bucket.take(3_600_000)).filter((tag) => tag === "Admitted").length,
      5
    )
  })

  it("waiting as long as it said is always enough", () => {
    const bucket = new TokenBucket({ ...limits, requests_per_second: 7 })
    let now = 0
    for (let round = 0; round < 200; round++) {
      const admission = bucket.take(now)
      if (admission._tag !== "Refused") continue
      now += admission.retry_after_ms
      assert.strictEqual(bucket.take(now)._tag, "Admitted")
    }
  })

  it("calls it flooding when more than the allowed refusals fall into one window", () => {
    const bucket = new TokenBucket(limits)
    tags(5, () => bucket.take(0))
    assert.deepStrictEqual(tags(4, () => bucket.take(0)), ["Refused", "Refused", "Refused", "Flooding"])
  })

  it("forgets old refusals", () => {
    const bucket = new TokenBucket({ ...limits, requests_per_second: 0.001 })
    tags(5, () => bucket.take(0))
    for (let window = 0; window < 10; window++) {
      assert.deepStrictEqual(tags(3, () => bucket.take(window * 1_001)), ["Refused", "Refused", "Refused"])
    }
  })

  it("is not confused by a clock that steps back", () => {
    const bucket = new TokenBucket(limits)
    tags(5, () => bucket.take(10_000))
    assert.strictEqual(bucket.take(5_000)._tag, "Refused")
    assert.strictEqual(bucket.take(5_100)._tag, "Admitted")
  })
})
