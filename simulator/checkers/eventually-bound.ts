// Promises that may take a moment: each is owed from an instant on, and broken when it is still not kept
// after its time, in a world that was calm for long enough to keep it.
import type { Scene } from "./rule.ts"

/** Sockets that fell silent are noticed, runners are up again, queues are empty. */
const recoveryMs = 60_000

interface Debt {
  readonly since_ms: number
  readonly isKept: () => boolean
  readonly complain: () => void
}

export class Patience {
  readonly #scene: Scene
  readonly #within_ms: number
  readonly #debts = new Map<string, Debt>()

  constructor(scene: Scene, withinMs: number) {
    this.#scene = scene
    this.#within_ms = withinMs
  }

  /** The same key again: owed from now on instead. */
  owe(key: string, isKept: Debt["isKept"], complain: Debt["complain"], sinceMs = this.#scene.now_ms()): void {
    this.#debts.delete(key)
    this.#debts.set(key, { since_ms: sinceMs, isKept, complain })
  }

  forget(key: string): void {
    this.#debts.delete(key)
  }

  look(): void {
    if (this.#debts.size === 0) return
    const now = this.#scene.now_ms()
    const isCalm = this.#scene.calmFor_ms() >= recoveryMs + this.#within_ms
    for (const [key, { complain, isKept, since_ms }] of this.#debts) {
      if (isKept()) this.#debts.delete(key)
      else if (isCalm && now - since_ms >= this.#within_ms) {
        this.#debts.delete(key)
        complain()
      }
    }
  }
}
