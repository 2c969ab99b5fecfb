// The payment provider's books: what it took for which payment, and what it says when the server asks. In
// half of the worlds it can be asked; in the others its webhook is its only word, as with the built-in one.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Checkout, type InvoiceStatus } from "../../src/services/payments/checkout.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"
import type { Process } from "../kernel/process.ts"
import type { Prng } from "../kernel/prng.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"

export interface Taken {
  readonly amount_idr: number
  readonly at_ms: number
}

/** Of its answers so many are lost, where it can be asked. */
const silentShare = 0.1

/** What its word about a payment is called, however it comes. */
export const referenceOf = (paymentId: string): string => `inv-${paymentId}`

export class PaymentBooks {
  readonly taken = new Map<string, Taken>()
  readonly canBeAsked: boolean
  readonly #time: VirtualTime
  readonly #prng: Prng
  /** Until when each page can be paid. */
  readonly #openUntil = new Map<string, number>()

  constructor(options: { readonly time: VirtualTime; readonly prng: Prng }) {
    this.#time = options.time
    this.#prng = options.prng
    this.canBeAsked = options.prng.chance(0.5)
  }

  /** False once its page was closed: then nobody can pay there. */
  isPayable(paymentId: string): boolean {
    return !this.canBeAsked || this.#openUntil.get(paymentId) !== 0
  }

  /** Its time is not over: the server will ask again. */
  isOpen(paymentId: string): boolean {
    return (this.#openUntil.get(paymentId) ?? 0) > this.#time.now_ms
  }

  layerOf(process: Process): Layer.Layer<Checkout> {
    const answer = <A>(ask: () => A) =>
      Effect.callback<A, Unavailable>((resume) => {
        this.#time.after(this.#prng.between(40, 400), process, () => {
          const isSilent = this.#prng.chance(silentShare)
          if (isSilent) {
            return resume(Effect.fail(new Unavailable({ what: "payment provider", retryable: true })))
          }
          resume(Effect.succeed(ask()))
        })
      })
    const over: InvoiceStatus = { _tag: "Over" }
    return Layer.succeed(Checkout)({
      provider: this.canBeAsked ? "xendit" : "builtin",
      open: ({ lifetime_seconds, payment_id }) =>
        Effect.sync(() => {
          this.#openUntil.set(payment_id, this.#time.now_ms + lifetime_seconds * 1000)
          return `builtin:${payment_id}`
        }),
      check: (paymentId) => this.canBeAsked ? answer(() => this.#statusOf(paymentId)) : Effect.succeed(over),
      close: (paymentId) =>
        this.canBeAsked
          ? answer(() => {
            if (!this.taken.has(paymentId)) this.#openUntil.set(paymentId, 0)
            return this.#statusOf(paymentId)
          })
          : Effect.succeed(over)
    })
  }

  #statusOf(paymentId: string): InvoiceStatus {
    const taken = this.taken.get(paymentId)
    if (taken !== undefined) {
      return { _tag: "Paid", amount_idr: taken.amount_idr, provider_ref: referenceOf(paymentId) }
    }
    return this.isOpen(paymentId) ? { _tag: "Open" } : { _tag: "Over" }
  }
}
