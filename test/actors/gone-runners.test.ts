// When a runner is known to be gone without a health check: it refuses, and its heart stands still.
import { assert, describe, it } from "@effect/vitest"
import { makeGone, stillLooksMax } from "../../src/actors/gone-runners.ts"

const looks = (count: number) => Array.from({ length: count })
const beating = (a: number, b = 0) => new Map([["a", String(a)], ["b", String(b)]])

describe("a runner that refuses connections", () => {
  it("is gone when its heart stood still for two seconds, and no sooner", () => {
    const gone = makeGone()
    for (const _ of looks(stillLooksMax)) assert.deepStrictEqual(gone.look(["a"], beating(1)), [])
    assert.deepStrictEqual(gone.look(["a"], beating(1)), ["a"])
    assert.deepStrictEqual(gone.look(["a", "b"], beating(1)), ["a"])
  })

  it("is there while its heart beats, however long it refuses", () => {
    const gone = makeGone()
    looks(40).forEach((_, n) => assert.deepStrictEqual(gone.look(["a"], beating(Math.floor(n / 3))), []))
  })

  it("is watched from anew when it answered meanwhile", () => {
    const gone = makeGone()
    for (const _ of looks(stillLooksMax)) gone.look(["a"], beating(1))
    gone.look([], beating(1))
    for (const _ of looks(stillLooksMax)) assert.deepStrictEqual(gone.look(["a"], beating(1)), [])
  })

  it("that is not registered any more is nobody's business", () => {
    const gone = makeGone()
    for (const _ of looks(10)) assert.deepStrictEqual(gone.look(["c"], beating(1)), [])
  })
})
