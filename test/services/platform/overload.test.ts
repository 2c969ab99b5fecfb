// When a runner has too much to do, and when no more: not at the first sign, and not at the first calm.
import { assert, describe, it } from "@effect/vitest"
import { inTimeMs, looked, noLooks, tooLateMs } from "../../../src/services/platform/overload.ts"

const after = (...lateMs: ReadonlyArray<number>): boolean => lateMs.reduce(looked, noLooks).is_too_much

describe("a runner has too much to do", () => {
  it("after two looks in a row that found it late, not after one, nor with a calm one between", () => {
    assert.isFalse(after(5_000))
    assert.isFalse(after(tooLateMs, tooLateMs - 1, tooLateMs))
    assert.isTrue(after(tooLateMs, tooLateMs))
  })

  it("until three looks in a row found it in time: what is in between ends nothing", () => {
    const late = [tooLateMs, tooLateMs]
    assert.isTrue(after(...late, inTimeMs, inTimeMs, inTimeMs, inTimeMs))
    assert.isTrue(after(...late, 0, 0, inTimeMs, 0, 0))
    assert.isFalse(after(...late, 0, 0, 0))
    assert.isFalse(after(...late, 0, 0, 0, tooLateMs))
  })
})
