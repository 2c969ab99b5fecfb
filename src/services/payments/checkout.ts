// Checkout: where a customer pays. The provider's page is made before the payment is stored, so every payment
// has one; a page whose payment was never stored was shown to no customer and expires by itself.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { PaymentProvider } from "../../domain/payment.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface CheckoutOrder {
  readonly payment_id: string
  readonly amount_idr: number
  /** What the customer reads there. */
  readonly description: string
  readonly lifetime_seconds: number
}

/** What the provider's books say of one payment. */
export type InvoiceStatus =
  | { readonly _tag: "Paid"; readonly amount_idr: number; readonly provider_ref: string }
  /** It can still be paid. */
  | { readonly _tag: "Open" }
  /** It cannot be paid any more, or the provider never heard of it. */
  | { readonly _tag: "Over" }

export class Checkout extends Context.Service<Checkout, {
  readonly provider: PaymentProvider
  /** The url of a page that takes exactly this amount. May be asked again for the same payment. */
  readonly open: (order: CheckoutOrder) => Effect.Effect<string, Unavailable>
  /** Asks the provider's books: for payments whose webhook has not come. */
  readonly check: (paymentId: string) => Effect.Effect<InvoiceStatus, Unavailable>
  /** Makes the pages of a payment that was given up unpayable; answers what is true then. */
  readonly close: (paymentId: string) => Effect.Effect<InvoiceStatus, Unavailable>
}>()("halobestie/services/Checkout") {}
