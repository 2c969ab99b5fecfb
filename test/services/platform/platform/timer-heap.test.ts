// The heap under every clock of ours: order, ties and cancelling.
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "fast-check"
import { type Timer, TimerHeap } from "../../../../src/services/platform/timer-heap.ts"

const pop = (heap: TimerHeap): Timer | undefined => {
  const top = heap.peek()
  heap.take()
  return top
}

describe("the timer heap", () => {
  it("gives timers earliest first, in the order they were set where they are due together", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(FastCheck.nat(20), { maxLength: 300 }), (dues) => {
      const heap = new TimerHeap()
      for (const due of dues) heap.add(due, () => {})
      const popped = dues.map(() => pop(heap))
      const expected = dues.map((due, order) => ({ due, order })).toSorted((a, b) =>
        a.due - b.due || a.order - b.order
      )
      assert.deepStrictEqual(popped.map((timer) => ({ due: timer?.due, order: timer?.order })), expected)
      assert.isUndefined(pop(heap))
    }))
  })

  it("forgets cancelled timers, many of them at once as well", () => {
    const heap = new TimerHeap()
    const timers = Array.from({ length: 5_000 }, (_, index) => heap.add(5_000 - index, () => {}))
    const kept = timers.filter((_, index) => index % 7 === 0)
    for (const timer of timers) if (!kept.includes(timer)) heap.cancel(timer)
    assert.strictEqual(heap.size, kept.length)
    const popped = kept.map(() => pop(heap))
    assert.deepStrictEqual(popped, kept.toReversed())
    assert.isUndefined(heap.peek())
  })
  it("does not mind when one is cancelled that has fired", () => {
    const heap = new TimerHeap()
    let fired = 0
    const first = heap.add(1, () => fired += 1)
    heap.add(2, () => fired += 1)
    heap.take()?.()
    heap.cancel(first)
    assert.deepStrictEqual([fired, heap.size], [1, 1])
  })

  it("gives up all timers at once, in order, without the cancelled", () => {
    const heap = new TimerHeap()
    const timers = [7, 3, 5, 3].map((due) => heap.add(due, () => {}))
    heap.cancel(timers[2]!)
    assert.deepStrictEqual(heap.takeAll(), [timers[1]!, timers[3]!, timers[0]!])
    assert.strictEqual(heap.size, 0)
    assert.isUndefined(heap.peek())
  })
})
