// 11: a confirmed payment ends in a session, or in a recorded failure staff can see; one that was never paid
// ends, too.
import type { PaymentRow } from "../../../testkit/memory/store/tables.ts"
import { EventuallyBound } from "../eventually-bound.ts"
import type { MakeRule } from "../rule.ts"

/** Twice the sweep's onInterval, and then some. */
const sweptWithinMs = 180_000

/** A provider that can be asked, and is silent, is asked once more a minute later, a few times over. */
const askedAgainMs = 300_000

export const paidRequests: MakeRule = (context, complain) => {
  const { tables } = context
  const leading = new EventuallyBound(context, sweptWithinMs)
  const expiring = new EventuallyBound(context, sweptWithinMs)
  /** Payments that some session was opened for. */
  const used = new Set<string>()

  const about = ({ customer_id }: PaymentRow) => {
    const name = context.phoneOf(customer_id)?.name
    return { people: name === undefined ? [] : [name] }
  }

  const leadsSomewhere = (id: string): boolean => {
    const row = tables.payment_requests.get(id)
    return row === undefined || row.status !== "confirmed" || row.failure_cause !== null || used.has(id)
  }

  const isAccountedFor = ({ anomaly, failure_cause, status }: PaymentRow): boolean =>
    status === "consumed" || anomaly === "amount_mismatch" ||
    (["confirmed", "failed_pairing", "abandoned"].includes(status) && failure_cause !== null)

  return {
    rows: {
      chat_sessions: ({ after }) => {
        if (after !== undefined) used.add(after.payment_id)
      },
      session_events: ({ after }) => {
        if (after?.event._tag === "ExtensionRequested") used.add(after.event.payment_id)
      },
      payment_requests: ({ after, before, key }) => {
        if (after === undefined) {
          return complain("a payment was removed", before === undefined ? {} : about(before))
        }
        if (after.status === "confirmed" && before?.status !== "confirmed") {
          leading.expect(
            key,
            () => leadsSomewhere(key),
            () => complain("a confirmed payment leads nowhere, and nobody is told", about(after))
          )
        }
        if (after.status === "pending" && before === undefined) {
          expiring.expect(
            key,
            () => tables.payment_requests.get(key)?.status !== "pending",
            () => complain("a payment that nobody paid is still open", about(after)),
            after.expires_at + (after.provider === "xendit" ? askedAgainMs : 0)
          )
        }
      }
    },
    onInterval: () => {
      leading.check()
      expiring.check()
    },
    end: () => {
      for (const [id, { amount_idr }] of context.taken) {
        const row = tables.payment_requests.get(id)
        if (row === undefined || isAccountedFor(row)) continue
        complain(`${amount_idr} IDR were taken for a payment that is ${row.status} in the end`, about(row))
      }
    }
  }
}
