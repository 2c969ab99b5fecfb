// The heap under virtual time: order, ties and cancelling.
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "fast-check"
import { TimerHeap } from "../../../src/simulation/kernel/timer-heap.ts"

describe("the timer heap", () => {
  it("gives timers earliest first, in the order they were set where they are due together", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(FastCheck.nat(20), { maxLength: 300 }), (dues) => {
      const heap = new TimerHeap()
      for (const due of dues) heap.add(due, () => {})
      const popped = dues.map(() => heap.pop())
      const expected = dues.map((due, order) => ({ due, order })).toSorted((a, b) =>
        a.due - b.due || a.order - b.order
      )
      assert.deepStrictEqual(popped.map((timer) => ({ due: timer?.due_us, order: timer?.order })), expected)
      assert.isUndefined(heap.pop())
    }))
  })

  it("forgets cancelled timers, many of them at once as well", () => {
    const heap = new TimerHeap()
    const timers = Array.from({ length: 5_000 }, (_, index) => heap.add(5_000 - index, () => {}))
    const kept = timers.filter((_, index) => index % 7 === 0)
    for (const timer of timers) if (!kept.includes(timer)) heap.cancel(timer)
    assert.strictEqual(heap.size, kept.length)
    const popped = kept.map(() => heap.pop())
    assert.deepStrictEqual(popped, kept.toReversed())
    assert.isUndefined(heap.peek())
  })
})
