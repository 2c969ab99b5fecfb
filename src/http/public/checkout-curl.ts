// The line that confirms an order of the built-in provider from a terminal, ready to be pasted: the log of a
// development server prints it for each order, and the checkout page shows it.
import { webhookPath } from "./webhooks.ts"

export interface Order {
  readonly payment_id: string
  readonly amount_idr: number
}

/** `base` is the public listener without a path; a token that was given stays a secret, and is named. */
export const checkoutCurl = (base: string, token: string) => ({ amount_idr, payment_id }: Order): string =>
  [
    `curl -X POST ${base}${webhookPath}`,
    `-H "content-type: application/json" -H "x-callback-token: ${token}"`,
    `-d '${JSON.stringify({ external_id: payment_id, status: "PAID", amount: amount_idr, id: "by-hand" })}'`
  ].join(" ")
