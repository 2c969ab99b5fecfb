// 3: one open request or running chat per customer.
import { type MakeRule, Touched } from "../rule.ts"

const blocking = new Set(["searching", "pending_acceptance", "active", "extending"])

export const oneLiveSession: MakeRule = (_scene, complain) => {
  const open = new Map<string, Set<string>>()
  const customers = new Touched()
  return {
    rows: {
      chat_sessions: ({ after, before, key }) => {
        const customer = (after ?? before)?.customer_id
        if (customer === undefined) return
        const theirs = open.get(customer) ?? new Set()
        open.set(customer, theirs)
        if (after !== undefined && blocking.has(after.status)) {
          theirs.add(key)
          customers.add(customer)
        } else theirs.delete(key)
      }
    },
    statement: () =>
      customers.drain((customer) => {
        const theirs = [...open.get(customer) ?? []]
        if (theirs.length <= 1) return
        complain(`a customer has ${theirs.length} requests or chats at once: ${theirs.join(", ")}`, {
          session_id: theirs.at(-1) ?? null
        })
      })
  }
}
