// The built-in checkout of development, tests and simulations: there are no books; its webhook confirms on
// command. What it did not hear of cannot be paid here. Where a page of its own is served, the url leads
// there.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Checkout, type CheckoutOrder, type InvoiceStatus } from "../../services/payments/checkout.ts"

const over: InvoiceStatus = { _tag: "Over" }

const layerTo = (open: Checkout["Service"]["open"]) =>
  Layer.succeed(Checkout)({
    provider: "builtin",
    open,
    check: () => Effect.succeed(over),
    close: () => Effect.succeed(over)
  })

export const layer = layerTo(({ payment_id }) => Effect.succeed(`builtin:${payment_id}`))

/** `page` and a slash lead to the page of each payment; the log says it, and how to do without the page. */
export const layerWithPage = (page: string, curlOf: (order: CheckoutOrder) => string) =>
  layerTo((order) => {
    const url = `${page}/${order.payment_id}`
    return Effect.as(Effect.logInfo(`to pay: ${url}\n  or: ${curlOf(order)}`), url)
  })
