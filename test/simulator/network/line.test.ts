// A line between a phone and a runner that goes silent: neither side is told, and the phone gives it up by
// itself, as the wire asks of every client (seed 303 of the farm: one that believed in its line for ever).
import { assert, describe, it } from "@effect/vitest"
import { Process } from "../../../simulator/kernel/process.ts"
import { Prng } from "../../../simulator/kernel/prng.ts"
import { VirtualTime } from "../../../simulator/kernel/virtual-time.ts"
import { Line } from "../../../simulator/network/line.ts"

const makeLine = () => {
  const time = new VirtualTime(0)
  const phoneProcess = new Process("phone")
  const closes: Array<readonly [at_ms: number, code: number, reason: string]> = []
  const frames: Array<string> = []
  let over = 0
  const line = new Line({
    time,
    prng: new Prng("line"),
    latency: { low_ms: 10, high_ms: 10 },
    phoneProcess,
    runnerProcess: new Process("runner"),
    phone: {
      onFrame: (frame) => frames.push(frame),
      onClose: (code, reason) => closes.push([time.now_ms, code, reason])
    },
    onLeft: () => {}
  })
  line.transport.listen({
    frame: () => {},
    pinged: () => {},
    ponged: () => {},
    closing: () => {},
    over: () => void (over += 1)
  })
  const until = (ms: number) => time.runUntil(ms * 1000)
  return { closes, frames, line, phoneProcess, runnerHeardOfTheEnd: () => over > 0, until }
}

describe("a line that falls silent", () => {
  it("carries nothing any more, and the phone gives it up after 45 s", () => {
    const { closes, frames, line, runnerHeardOfTheEnd, until } = makeLine()
    until(1_000)
    line.fallSilent()
    line.transport.wire.send("lost", () => {})
    until(45_999)
    assert.deepStrictEqual([closes, frames], [[], []])
    until(46_000)
    assert.deepStrictEqual(closes, [[46_000, 1006, "silence"]])
    until(120_000)
    assert.lengthOf(closes, 1)
    assert.isFalse(runnerHeardOfTheEnd(), "the runner has a timeout of its own")
  })

  it("is no news to a phone that hung up before", () => {
    const { closes, line, until } = makeLine()
    line.hangUp()
    line.fallSilent()
    until(120_000)
    assert.deepStrictEqual(closes, [])
  })

  it("is not noticed by an app that was killed meanwhile", () => {
    const { closes, line, phoneProcess, until } = makeLine()
    line.fallSilent()
    phoneProcess.kill()
    until(120_000)
    assert.deepStrictEqual(closes, [])
  })
})
