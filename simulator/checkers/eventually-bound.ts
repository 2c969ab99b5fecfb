// Expectations that may take a while to come true: each has a bound, and is violated when it still does not
// hold after the bound, in a world without faults for long enough to fulfil it.
import type { CheckerContext } from "./rule.ts"

/** After the last fault: silent sockets are noticed, runners are up again, queues are empty. */
const recoveryMs = 60_000

interface Expectation {
  readonly since_ms: number
  readonly holds: () => boolean
  readonly complain: () => void
}

export class EventuallyBound {
  readonly #context: CheckerContext
  readonly #within_ms: number
  readonly #expectations = new Map<string, Expectation>()

  constructor(context: CheckerContext, withinMs: number) {
    this.#context = context
    this.#within_ms = withinMs
  }

  /** The same key again replaces the earlier expectation. */
  expect(
    key: string,
    holds: Expectation["holds"],
    complain: Expectation["complain"],
    sinceMs = this.#context.now_ms()
  ): void {
    this.#expectations.delete(key)
    this.#expectations.set(key, { since_ms: sinceMs, holds, complain })
  }

  drop(key: string): void {
    this.#expectations.delete(key)
  }

  check(): void {
    if (this.#expectations.size === 0) return
    const now = this.#context.now_ms()
    const isCalm = this.#context.calmFor_ms() >= recoveryMs + this.#within_ms
    for (const [key, { complain, holds, since_ms }] of this.#expectations) {
      if (holds()) this.#expectations.delete(key)
      else if (isCalm && now - since_ms >= this.#within_ms) {
        this.#expectations.delete(key)
        complain()
      }
    }
  }
}
