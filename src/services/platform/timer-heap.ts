// A binary heap of timers: earliest first, and in the order they were set where they are due together.
// Cancelled ones stay where they are until they reach the top, or until they are the greater part.

export interface Timer {
  /** In the unit of the heap's owner. */
  readonly due: number
  readonly order: number
  /** Null when it was cancelled or has fired. */
  run: (() => void) | null
}

const isBefore = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

const rebuildAbove = 1024

export class TimerHeap {
  #heap: Array<Timer> = []
  #order = 0
  #cancelled = 0

  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  add(due: number, run: () => void): Timer {
    const timer: Timer = { due, order: this.#order++, run }
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
    return timer
  }

  cancel(timer: Timer): void {
    if (timer.run === null) return
    timer.run = null
    this.#cancelled += 1
    if (this.#cancelled > rebuildAbove && this.#cancelled * 2 > this.#heap.length) this.#rebuild()
  }

  /** The earliest timer that still wants to run; undefined when there is none. */
  peek(): Timer | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.run !== null) return top
      this.#removeTop()
      this.#cancelled -= 1
    }
    return undefined
  }

  /** What the earliest wants to run; it counts as fired. */
  take(): (() => void) | undefined {
    const top = this.peek()
    if (top === undefined) return undefined
    this.#removeTop()
    const { run } = top
    top.run = null
    return run ?? undefined
  }

  /** All that still want to run, earliest first; none is left. */
  takeAll(): ReadonlyArray<Timer> {
    const live = this.#live()
    this.#heap = []
    this.#cancelled = 0
    return live
  }

  #removeTop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    heap[0] = last
    this.#sink(0)
  }

  #rise(start: number): void {
    const heap = this.#heap
    const timer = heap[start]!
    let index = start
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = timer
  }

  #sink(start: number): void {
    const heap = this.#heap
    const timer = heap[start]!
    let index = start
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, timer)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = timer
  }

  #live(): Array<Timer> {
    return this.#heap.filter((timer) => timer.run !== null).toSorted((a, b) =>
      a.due - b.due || a.order - b.order
    )
  }

  #rebuild(): void {
    // A sorted array is a heap.
    this.#heap = this.#live()
    this.#cancelled = 0
  }
}
