// Port calls that Postgres never answers: bounded in virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { answered } from "../../../../src/layers/platform/postgres/failure.ts"
import { Unavailable } from "../../../../src/services/platform/unavailable.ts"

describe("a port call", () => {
  it.effect("that gets no answer is unavailable after 15 seconds, and not before", () =>
    Effect.gen(function*() {
      const call = yield* Effect.forkChild(Effect.exit(answered(Effect.never)))
      yield* TestClock.adjust("14999 millis")
      assert.isUndefined(call.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const exit = yield* Fiber.join(call)
      assert.deepStrictEqual(exit, Exit.fail(new Unavailable({ what: "postgres", retryable: true })))
    }))

  it.effect("keeps its own failures and defects as they are", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.exit(answered(Effect.fail("no"))), Exit.fail("no"))
      assert.deepStrictEqual(yield* Effect.exit(answered(Effect.die("bug"))), Exit.die("bug"))
    }))
})
