// The breaker in front of the push provider: it opens on failures of the provider, never on its plain
// answers.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Guarded from "../../../src/layers/push/push.ts"
import * as PushMemory from "../../../testkit/memory/push.memory.ts"
import { Push, type PushMessage, type PushResult } from "../../../src/services/push/push.ts"

const message: PushMessage = {
  token: "token",
  platform: "android",
  title: "t",
  body: "b",
  data: {},
  ttl_ms: 60_000,
  expires_at: 60_000,
  collapse_id: "c"
}

const timings = { failures_before_open: 3, open_ms: 30_000 }

const withAnswers = (
  answer: () => PushResult,
  body: (
    send: (times: number) => Effect.Effect<ReadonlyArray<string>>,
    asked: () => number
  ) => Effect.Effect<void>
) =>
  Effect.gen(function*() {
    const push = yield* Push
    const provider = yield* PushMemory.PushProvider
    provider.answer = () => Effect.sync(answer)
    const send = (times: number) =>
      Effect.forEach(
        Array.from({ length: times }),
        () => Effect.map(push.send(message), (result) => "reason" in result ? result.reason : result._tag)
      )
    yield* body(send, () => provider.asked.length)
  }).pipe(
    Effect.provide(
      Guarded.layerOver(PushMemory.layer, timings).pipe(Layer.provideMerge(PushMemory.layerProvider))
    )
  )

describe("the breaker of pushes", () => {
  it.effect("asks nobody for a while after so many failures in a row, and then one", () => {
    let result: PushResult = { _tag: "Failed", code: "busy" }
    return withAnswers(() => result, (send, asked) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* send(5), [
          "Failed",
          "Failed",
          "Failed",
          "provider_failing",
          "provider_failing"
        ])
        assert.strictEqual(asked(), 3)
        yield* TestClock.adjust("30 seconds")
        assert.deepStrictEqual(yield* send(2), ["Failed", "provider_failing"])
        result = { _tag: "Sent" }
        yield* TestClock.adjust("30 seconds")
        assert.deepStrictEqual(yield* send(3), ["Sent", "Sent", "Sent"])
      }))
  })

  it.effect("stays closed for answers, however unwelcome", () =>
    Effect.forEach(
      [
        { _tag: "TokenInvalid" },
        { _tag: "Rejected", code: "no" },
        { _tag: "Hold", reason: "rate_limited", retry_after_ms: 1 }
      ] as ReadonlyArray<PushResult>,
      (result) =>
        withAnswers(() => result, (send, asked) =>
          Effect.gen(function*() {
            yield* send(10)
            assert.strictEqual(asked(), 10)
          }))
    ))
})
