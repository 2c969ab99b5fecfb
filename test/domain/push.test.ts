// How long a push waits before it is tried again, and what its text gives away.
import { assert, describe, it } from "@effect/vitest"
import { pushAttemptsMax, pushKinds, pushTexts, retryAfterMs } from "../../src/domain/push.ts"

describe("retries", () => {
  it("wait twice as long each time, spread over half of it, and never longer than two minutes", () => {
    assert.deepStrictEqual([1, 2, 3, 4].map((n) => retryAfterMs(n, 1)), [2000, 4000, 8000, 16_000])
    assert.deepStrictEqual([1, 2, 3, 4].map((n) => retryAfterMs(n, 0)), [1000, 2000, 4000, 8000])
    assert.strictEqual(retryAfterMs(1000, 1), 120_000)
  })

  it("are five after the first attempt, before staff have to look", () => {
    assert.strictEqual(pushAttemptsMax, 6)
  })

  it("of an offer end within its minute", () => {
    let waited = 0
    for (let n = 1; n < pushAttemptsMax; n += 1) waited += retryAfterMs(n, 1)
    assert.isAtMost(waited, 62_000)
  })
})

describe("the text", () => {
  it("is there for every kind, and short enough for a lock screen", () => {
    for (const kind of pushKinds) {
      assert.isAtMost(pushTexts[kind].title.length, 40)
      assert.isAtMost(pushTexts[kind].body.length, 80)
    }
  })
})
