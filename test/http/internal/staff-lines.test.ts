// Guesses at staff's passwords in the log: all are counted, a few leave a line, and what colleagues do leaves
// one each.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { type StaffEvent, tellStaffEvent } from "../../../src/http/internal/staff/password-attempts.ts"
import { valueOf } from "../../../src/services/operations/figures.ts"
import { times } from "../../../testkit/conformance/given.ts"

const linesOf = Effect.fnUntraced(function*(event: StaffEvent) {
  const lines: Array<unknown> = []
  const logged = Logger.layer([Logger.make(({ message }) => void lines.push(message))])
  const before = valueOf("staff_events_total", [event])
  yield* Effect.forEach(times(100), () => tellStaffEvent(event, "ops@halobestie.id", "10.0.0.9"), {
    discard: true
  }).pipe(Effect.provide(logged))
  assert.strictEqual(valueOf("staff_events_total", [event]), before + 100)
  return lines.length
})

describe("a hundred guesses in a moment", () => {
  it.effect.each(["locked", "sign_in_failed", "second_factor_failed"] as const)(
    "leave a few lines: %s",
    (event) =>
      Effect.gen(function*() {
        const lines = yield* linesOf(event)
        assert.isAtLeast(lines, 1)
        assert.isAtMost(lines, 5)
      })
  )

  it.effect("hide no sign-in that was right", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* linesOf("signed_in"), 100)
    }))
})
