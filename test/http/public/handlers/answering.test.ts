// How a call ends when something behind it is away.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TryAgain } from "../../../../src/contract/errors.ts"
import { refuse } from "../../../../src/domain/refusal.ts"
import { answering } from "../../../../src/http/public/handlers/answering.ts"
import { Unavailable } from "../../../../src/services/platform/unavailable.ts"

const failing = (error: Unavailable) => Effect.flip(answering(Effect.fail(error)))

describe("an answer", () => {
  it.effect("of the product passes unchanged, yes or no", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* answering(Effect.succeed(7)), 7)
      const no = refuse("FORBIDDEN", "no")
      assert.strictEqual(yield* Effect.flip(answering(Effect.fail(no))), no)
    }))

  it.effect("that an outage prevents says when to repeat, later when repeating soon is useless", () =>
    Effect.gen(function*() {
      const soon = yield* failing(new Unavailable({ what: "valkey", retryable: true }))
      assert.instanceOf(soon, TryAgain)
      assert.isTrue(soon.retry_after_ms >= 500 && soon.retry_after_ms <= 1000)
      const late = yield* failing(new Unavailable({ what: "draining", retryable: false }))
      assert.instanceOf(late, TryAgain)
      assert.isTrue(late.retry_after_ms >= 5000 && late.retry_after_ms <= 5500)
      assert.notInclude(JSON.stringify([soon, late]), "valkey")
    }))
})
