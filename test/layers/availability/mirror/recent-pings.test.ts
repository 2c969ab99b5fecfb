// The pings a runner remembers: the latest of each mitra, not for ever, and never without bound.
import { assert, it } from "@effect/vitest"
import { makeRecentPings } from "../../../../src/layers/availability/mirror/recent-pings.ts"

it("remembers the latest ping of each mitra, whatever the order", () => {
  const pings = makeRecentPings(1_000)
  pings.note("ayu", 5)
  pings.note("sri", 7)
  pings.note("ayu", 9)
  pings.note("ayu", 6)
  assert.deepStrictEqual(new Map(pings.all()), new Map([["ayu", 9], ["sri", 7]]))
})

it("forgets who has been silent for too long", () => {
  const pings = makeRecentPings(1_000)
  pings.note("gone", 0)
  for (let at = 1; at <= 3_000; at++) pings.note("here", at)
  assert.deepStrictEqual(pings.all(), [["here", 3_000]])
})

it("never remembers more than its bound", () => {
  const pings = makeRecentPings(1_000_000)
  for (let number = 0; number < 120_000; number++) pings.note(`mitra ${number}`, number)
  assert.isAtMost(pings.all().length, 100_000)
  assert.deepStrictEqual(pings.all().at(-1), ["mitra 119999", 119_999])
})
