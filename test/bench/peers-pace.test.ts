// The pace of the bench's loads: an open loop keeps to its schedule and counts every wait from the due
// time, a closed one keeps as many in flight as it was told.
import { assert, describe, it } from "@effect/vitest"
import { paced } from "../../bench/peers/load/pace.ts"

const block = (ms: number) => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe("an open loop", () => {
  it("counts the wait of what could not begin in time from when it was due", async () => {
    const pace = { in_flight: null, rate: 100, seconds: 0.1 }
    const run = await paced(pace, (nth, _due, done) => {
      // Everything behind the first is late, however quickly it is answered then.
      if (nth === 0) block(80)
      done()
    })
    assert.strictEqual(run.done, 10)
    assert.strictEqual(run.waits.length, 10)
    assert.isAtLeast(run.waits[1] ?? 0, 60)
    assert.isAtLeast(run.waits[2] ?? 0, 50)
  })

  it("begins what is due although nothing is answered", async () => {
    const open: Array<() => void> = []
    const run = await paced({ in_flight: null, rate: 100, seconds: 0.1 }, (nth, _due, done) => {
      open.push(done)
      if (nth === 8) open.forEach((one) => one())
      if (nth > 8) done()
    })
    assert.strictEqual(run.done, 10)
    assert.isAtLeast(run.waits[0] ?? 0, 70)
  })
})

describe("a closed loop", () => {
  it("never has more in flight than it was told, and begins nothing after its time", async () => {
    let [inFlight, most] = [0, 0]
    const run = await paced({ in_flight: 3, rate: null, seconds: 0.05 }, (_nth, _due, done) => {
      inFlight += 1
      most = Math.max(most, inFlight)
      setImmediate(() => {
        inFlight -= 1
        done()
      })
    })
    assert.strictEqual(most, 3)
    assert.isAbove(run.done, 3)
    assert.strictEqual(run.waits.length, run.done)
  })
})
