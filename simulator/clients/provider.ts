// The payment provider: takes money and says so by webhook, until it hears 200. Faults make it repeat
// itself, come late, or in another order.
import type { Prng } from "../kernel/prng.ts"
import type { HttpCall } from "../network/http-call.ts"
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
const retryAfterMs = 5_000

export class Provider {
  readonly #world: World
  readonly #prng: Prng
  readonly faults: ProviderFaults = { repeat: 0, late_ms: 0, odd_amounts: 0 }
  /** What it took, by payment: the outside truth that money is checked against. */
  readonly taken = new Map<string, { readonly amount_idr: number; readonly at_ms: number }>()
  delivered = 0

  constructor(world: World) {
    this.#world = world
    this.#prng = world.prng.split("provider")
  }

  /** The customer has paid at the checkout. */
  take(paymentId: string, askedIdr: number): void {
    if (this.taken.has(paymentId)) return
    const isOdd = this.faults.odd_amounts > 0 && this.#prng.chance(this.faults.odd_amounts)
    const amount_idr = isOdd ? askedIdr + this.#prng.pick([-1_000, 1_000]) : askedIdr
    this.taken.set(paymentId, { amount_idr, at_ms: this.#world.time.now_ms })
    const call: HttpCall = {
      method: "POST",
      path: "/api/webhooks/payments/builtin",
      headers: { "content-type": "application/json", "x-callback-token": webhookToken },
      body: JSON.stringify({
        external_id: paymentId,
        status: "PAID",
        amount: amount_idr,
        id: `inv-${paymentId}`
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
