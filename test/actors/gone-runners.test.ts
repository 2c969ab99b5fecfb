// What is known of a runner that does not answer, by how its heart beats in the storage.
import { assert, describe, it } from "@effect/vitest"
import { makeHearts, stillLooksMax } from "../../src/actors/gone-runners.ts"

const looks = (count: number) => Array.from({ length: count })
let ours = 0
const beating = (a: number, own = ++ours) => new Map([["own", String(own)], ["a", String(a)], ["b", "0"]])

describe("a runner that does not answer", () => {
  it("stands still after two seconds without a beat, and no sooner", () => {
    const hearts = makeHearts("own")
    for (const _ of looks(stillLooksMax)) {
      hearts.look(["a"], beating(1))
      assert.isFalse(hearts.isStill("a"))
    }
    hearts.look(["a", "b"], beating(1))
    assert.deepStrictEqual([hearts.isStill("a"), hearts.isStill("b")], [true, false])
    assert.isFalse(hearts.hasBeaten("a"))
  })

  it("has beaten from the first beat on that came after its last answer, however long ago", () => {
    const hearts = makeHearts("own")
    hearts.look(["a"], beating(1))
    assert.isFalse(hearts.hasBeaten("a"))
    looks(40).forEach((_, n) => {
      hearts.look(["a"], beating(2 + Math.floor(n / 3)))
      assert.deepStrictEqual([hearts.hasBeaten("a"), hearts.isStill("a")], [true, false])
    })
  })

  it("that beat once and then stands still is both", () => {
    const hearts = makeHearts("own")
    for (const beat of [1, 2, 2, 2, 2, 2]) hearts.look(["a"], beating(beat))
    assert.deepStrictEqual([hearts.hasBeaten("a"), hearts.isStill("a")], [true, true])
  })

  it("is not still while ours stands still as well: the storage does", () => {
    const hearts = makeHearts("own")
    for (const _ of looks(10)) hearts.look(["a"], beating(1, -1))
    assert.isFalse(hearts.isStill("a"))
    hearts.look(["a"], beating(1))
    assert.isTrue(hearts.isStill("a"))
  })

  it("is watched from anew when it answered meanwhile", () => {
    const hearts = makeHearts("own")
    for (const beat of [1, 2, 2, 2, 2]) hearts.look(["a"], beating(beat))
    hearts.look([], beating(2))
    assert.isFalse(hearts.hasBeaten("a"))
    for (const _ of looks(stillLooksMax)) hearts.look(["a"], beating(2))
    assert.deepStrictEqual([hearts.hasBeaten("a"), hearts.isStill("a")], [false, false])
  })

  it("that is not registered any more is nobody's business", () => {
    const hearts = makeHearts("own")
    for (const _ of looks(10)) hearts.look(["c"], beating(1))
    assert.deepStrictEqual([hearts.hasBeaten("c"), hearts.isStill("c")], [false, false])
  })
})
