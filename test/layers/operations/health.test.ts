// A sweep that stands still, in the runner's own health: well for a quarter of an hour, then not.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { sweepChecks } from "../../../src/layers/operations/health.ts"
import { set } from "../../../src/services/operations/figures.ts"

const own = "one of this test"

describe("the health of a sweep", () => {
  it.effect("is degraded when its last pass is more than 15 minutes ago", () =>
    Effect.gen(function*() {
      const state = Effect.map(sweepChecks, (checks) =>
        checks.find(({ name }) => name === `sweep/${own}`)?.state)
      set("sweep_last_success_seconds", 0, [own])
      yield* TestClock.adjust("15 minutes")
      assert.strictEqual(yield* state, "ok")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* state, "degraded")
    }))
})
