// What a phone is owed within a bound, judged for that phone alone: the bound counts from when the thing
// happened, or from when nothing was broken for this phone any more, whichever came later.
import type { CheckerContext, Phone } from "../rule.ts"

interface Debt {
  readonly since_ms: number
  readonly phone: Phone
  readonly isPaid: () => boolean
  readonly complain: () => void
}

export class Owed {
  readonly #context: CheckerContext
  readonly #within_ms: number
  readonly #debts = new Map<string, Debt>()

  constructor(context: CheckerContext, withinMs = 2_000) {
    this.#context = context
    this.#within_ms = withinMs
  }

  /** The same key again replaces the earlier debt. */
  add(key: string, phone: Phone, isPaid: () => boolean, complain: () => void): void {
    this.#debts.set(key, { since_ms: this.#context.now_ms(), phone, isPaid, complain })
  }

  /** The present state, forgiven only while the phone cannot be told; see `addNews` for what is said once. */
  check(): void {
    if (this.#debts.size === 0) return
    const now = this.#context.now_ms()
    for (const [key, debt] of this.#debts) {
      if (debt.isPaid()) this.#debts.delete(key)
      else if (now - debt.since_ms >= this.#within_ms) {
        if (this.#context.owedFor_ms(debt.phone) < this.#within_ms) continue
        this.#debts.delete(key)
        debt.complain()
      }
    }
  }

  /** What is said only once, while it happens: forgiven for good when the phone was away meanwhile. */
  addNews(key: string, phone: Phone, isPaid: () => boolean, complain: () => void): void {
    const since = this.#context.now_ms()
    if (this.#context.owedFor_ms(phone) <= 0) return
    this.add(
      key,
      phone,
      () => isPaid() || this.#context.owedFor_ms(phone) < this.#context.now_ms() - since,
      complain
    )
  }
}
