// The payment provider: takes money and says so by webhook, until it hears 200. Faults make it repeat
// itself, come late, or in another order.
import type { Prng } from "../kernel/prng.ts"
import type { HttpCall } from "../network/http-call.ts"
import { referenceOf, type Taken } from "../stores/payment-books.ts"
import { webhookToken } from "../server/runner.ts"
import type { World } from "../world.ts"

export interface ProviderFaults {
  /** How often a delivered webhook is delivered once more, as a share. */
  repeat: number
  /** Up to so much later than usual. */
  late_ms: number
  /** How often it takes another amount than was asked for, as a share. */
  odd_amounts: number
}

const attemptsMax = 200
const forgottenShare = 0.05
const retryAfterMs = 5_000

export class Provider {
  readonly #world: World
  readonly #prng: Prng
  readonly faults: ProviderFaults = { repeat: 0, late_ms: 0, odd_amounts: 0 }
  /** What it took, by payment: the outside truth that money is checked against. */
  readonly taken: Map<string, Taken>
  delivered = 0
  /** Webhooks that never leave the provider: where it can be asked, the server finds out all the same. */
  readonly #forgets: Prng

  constructor(world: World) {
    this.#world = world
    this.#prng = world.prng.split("provider")
    this.#forgets = world.prng.split("forgotten webhooks")
    this.taken = world.stores.books.taken
  }

  /** The customer has paid at the checkout. */
  take(paymentId: string, askedIdr: number): void {
    const { books } = this.#world.stores
    if (this.taken.has(paymentId) || !books.isPayable(paymentId)) return
    const isOdd = this.faults.odd_amounts > 0 && this.#prng.chance(this.faults.odd_amounts)
    const amount_idr = isOdd ? askedIdr + this.#prng.pick([-1_000, 1_000]) : askedIdr
    this.taken.set(paymentId, { amount_idr, at_ms: this.#world.time.now_ms })
    // Nobody asks about a page whose time is over: of money that comes after it the webhook is the only word.
    if (books.canBeAsked && this.#forgets.chance(forgottenShare) && books.isOpen(paymentId)) return
    const call: HttpCall = {
      method: "POST",
      path: "/api/webhooks/payments/builtin",
      headers: { "content-type": "application/json", "x-callback-token": webhookToken },
      body: JSON.stringify({
        external_id: paymentId,
        status: "PAID",
        amount: amount_idr,
        id: referenceOf(paymentId)
      })
    }
    this.#after(
      this.#prng.between(200, 1_500) + this.#prng.between(0, this.faults.late_ms),
      () => this.#deliver(call, 1)
    )
  }

  #deliver(call: HttpCall, attempt: number): void {
    const { outside, time } = this.#world
    let isAnswered = false
    const again = () => {
      if (isAnswered) return
      isAnswered = true
      if (attempt < attemptsMax) this.#after(retryAfterMs, () => this.#deliver(call, attempt + 1))
    }
    const timeout = time.after(30_000, outside, again)
    this.#world.request(call, (response) => {
      time.cancel(timeout)
      if (response?.status !== 200) return again()
      isAnswered = true
      this.delivered += 1
      if (this.#prng.chance(this.faults.repeat)) {
        this.#after(this.#prng.between(10, 60_000), () => this.#deliver(call, attempt + 1))
      }
    })
  }

  #after(ms: number, run: () => void): void {
    this.#world.time.after(ms, this.#world.outside, run)
  }
}
