// 12: money moves once per webhook, whatever the order and number of deliveries: confirmed means taken, for
// that amount, once; charged means one transaction; and no payment comes back from its end.
import type { PaymentRow } from "../../../testkit/memory/store/tables.ts"
import { type MakeRule, Touched } from "../rule.ts"

/** What a payment may become. Late money still counts; what was given up stays so. */
const next: Readonly<Record<string, ReadonlyArray<string>>> = {
  pending: ["confirmed", "expired", "abandoned"],
  expired: ["confirmed"],
  abandoned: [],
  confirmed: ["consumed", "failed_pairing", "abandoned"],
  failed_pairing: [],
  consumed: []
}

export const money: MakeRule = (context, complain) => {
  const { tables, taken } = context
  /** The transaction of each charged payment. */
  const charges = new Map<string, string>()
  const touched = new Touched()

  const about = (row: PaymentRow | undefined) => {
    const name = row === undefined ? undefined : context.phoneOf(row.customer_id)?.name
    return { people: name === undefined ? [] : [name] }
  }

  const moved = (before: PaymentRow, after: PaymentRow) => {
    if (before.status !== after.status && next[before.status]?.includes(after.status) !== true) {
      complain(`a payment that was ${before.status} is ${after.status}`, about(after))
    }
    if (before.confirmed_at !== null && before.confirmed_at !== after.confirmed_at) {
      complain("money that came once came again", about(after))
    }
    if (before.amount_idr !== after.amount_idr || before.duration_seconds !== after.duration_seconds) {
      complain("the terms of a payment changed after it was ordered", about(after))
    }
  }

  const check = (id: string) => {
    const row = tables.payment_requests.get(id)
    if (row === undefined) return
    const provider = taken.get(id)
    if (row.confirmed_at !== null && provider?.amount_idr !== row.amount_idr) {
      complain(
        `a payment of ${row.amount_idr} is confirmed; the provider took ${provider?.amount_idr ?? 0}`,
        about(row)
      )
    }
    const isCharged = charges.has(id)
    if (isCharged !== (row.status === "consumed")) {
      complain(`a payment is ${row.status} and ${isCharged ? "charged" : "not charged"}`, about(row))
    }
  }

  return {
    rows: {
      payment_requests: ({ after, before, key }) => {
        touched.add(key)
        if (before !== undefined && after !== undefined) moved(before, after)
      },
      transactions: ({ after, before, key }) => {
        const row = after ?? before
        if (row === undefined) return
        const { amount_idr, customer_id, payment_id, session_id } = row
        touched.add(payment_id)
        if (before !== undefined) return complain("a transaction was changed", { session_id })
        const payment = tables.payment_requests.get(payment_id)
        if (charges.has(payment_id)) {
          complain("a payment was charged twice", { ...about(payment), session_id })
        }
        charges.set(payment_id, key)
        if (payment?.amount_idr !== amount_idr || payment.customer_id !== customer_id) {
          complain(`charged ${amount_idr} for a payment of ${payment?.amount_idr ?? 0}`, { session_id })
        }
      }
    },
    statement: () => touched.drain(check)
  }
}
