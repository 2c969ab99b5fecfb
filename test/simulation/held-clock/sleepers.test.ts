// Sleepers: woken in the order of their times, first come first served at the same time, interrupted ones
// never, whatever the order of arrivals and departures.
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "fast-check"
import { type Sleeper, Sleepers } from "../../../src/simulation/held-clock/sleepers.ts"

const ignored = () => {}

describe("sleepers", () => {
  it("are taken by time, then by arrival, without the interrupted ones", () => {
    const arrival = FastCheck.record({ at: FastCheck.nat(20), leaves: FastCheck.boolean() })
    FastCheck.assert(FastCheck.property(FastCheck.array(arrival, { maxLength: 60 }), (arrivals) => {
      const sleepers = new Sleepers()
      const added = arrivals.map(({ at, leaves }) => ({ leaves, sleeper: sleepers.add(at, ignored) }))
      for (const { leaves, sleeper } of added) if (leaves) sleepers.interrupt(sleeper)
      const expected = added.filter(({ leaves }) => !leaves).map(({ sleeper }) => sleeper)
        .toSorted((one, other) => one.at - other.at || one.number - other.number)
      assert.strictEqual(sleepers.nextAt(), expected[0]?.at ?? null)
      const taken: Array<Sleeper> = []
      for (let next = sleepers.takeDue(100); next !== null; next = sleepers.takeDue(100)) taken.push(next)
      assert.deepStrictEqual(taken.map(({ number }) => number), expected.map(({ number }) => number))
    }))
  })

  it("are left alone before their time", () => {
    const sleepers = new Sleepers()
    sleepers.add(10, ignored)
    assert.isNull(sleepers.takeDue(9))
    assert.strictEqual(sleepers.takeDue(10)?.at, 10)
  })

  it("that were interrupted by the thousand are swept out, the others stay in order", () => {
    const sleepers = new Sleepers()
    const staying = [7, 3, 5].map((at) => sleepers.add(at, ignored))
    for (let n = 0; n < 5_000; n++) sleepers.interrupt(sleepers.add(1 + n % 10, ignored))
    assert.deepStrictEqual(
      sleepers.takeAll().map(({ number }) => number).toSorted(),
      staying.map(({ number }) => number)
    )
    assert.isNull(sleepers.nextAt())
  })
})
