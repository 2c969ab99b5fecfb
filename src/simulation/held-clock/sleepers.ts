// Everybody who sleeps on the held clock, by when they are to be woken; a binary heap. Who goes to sleep
// first is woken first.

export interface Sleeper {
  readonly at: number
  readonly number: number
  /** False once it was interrupted: it stays in the heap until its time and is skipped. */
  isAsleep: boolean
  readonly wake: () => void
}

const isBefore = (one: Sleeper, other: Sleeper): boolean =>
  one.at === other.at ? one.number < other.number : one.at < other.at

export class Sleepers {
  #heap: Array<Sleeper> = []
  #interrupted = 0
  #last = 0

  add(at: number, wake: () => void): Sleeper {
    const sleeper: Sleeper = { at, number: ++this.#last, isAsleep: true, wake }
    this.#heap.push(sleeper)
    this.#rise(this.#heap.length - 1)
    return sleeper
  }

  interrupt(sleeper: Sleeper): void {
    if (!sleeper.isAsleep) return
    sleeper.isAsleep = false
    this.#interrupted += 1
    // Timeouts are set and left by the thousand while time stands still: they must not pile up.
    if (this.#interrupted > 1000 && this.#interrupted > this.#heap.length / 2) this.#sweep()
  }

  /** When the next one is to be woken. */
  nextAt(): number | null {
    for (;;) {
      const [first] = this.#heap
      if (first === undefined) return null
      if (first.isAsleep) return first.at
      this.#interrupted -= 1
      this.#removeFirst()
    }
  }

  /** Takes out the first if it is due by then. */
  takeDue(by: number): Sleeper | null {
    const at = this.nextAt()
    if (at === null || at > by) return null
    const sleeper = this.#removeFirst()
    sleeper.isAsleep = false
    return sleeper
  }

  takeAll(): ReadonlyArray<Sleeper> {
    const all = this.#heap.filter((sleeper) => sleeper.isAsleep)
    this.#heap = []
    this.#interrupted = 0
    return all
  }

  #sweep(): void {
    const rest = this.takeAll()
    // Sorted is a heap.
    this.#heap = rest.toSorted((one, other) => isBefore(one, other) ? -1 : 1)
  }

  #removeFirst(): Sleeper {
    const first = this.#heap[0]!
    const last = this.#heap.pop()!
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#sink(0)
    }
    return first
  }

  #rise(index: number): void {
    const heap = this.#heap
    for (let at = index; at > 0;) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at]!, heap[parent]!)) return
      ;[heap[at], heap[parent]] = [heap[parent]!, heap[at]!]
      at = parent
    }
  }

  #sink(index: number): void {
    const heap = this.#heap
    for (let at = index;;) {
      const left = 2 * at + 1
      const right = left + 1
      let least = at
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right
      if (least === at) return
      ;[heap[at], heap[least]] = [heap[least]!, heap[at]!]
      at = least
    }
  }
}
