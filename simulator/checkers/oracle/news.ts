// News: what is said once and has no number: that the paid clock runs again, to both; that a phone is
// somebody else's now, to whom it was; and that this is told within two seconds.
import type { ChatSessionRow } from "../../../testkit/memory/store/tables.ts"
import type { Device } from "../../../src/services/accounts/accounts.ts"
import type { MakeRule, Phone } from "../rule.ts"
import { Owed } from "./owed.ts"

const sides = ["customer", "mitra"] as const

export const news: MakeRule = (context, complain) => {
  const { tables } = context
  const owed = new Owed(context)
  /** By `<phone>/<session>`: where the paid time ends, as it was last told. */
  const told = new Map<string, number>()
  const movedAt = new Map<Phone, number>()

  /** Without a number: the mitra of the chat was gone, and is there again. */
  const runsAgain = ({ ends_at, id, mitra_id, ...row }: ChatSessionRow) => {
    for (const side of sides) {
      const phone = context.phoneOf((side === "customer" ? row.customer_id : mitra_id) ?? "")
      if (phone === undefined || ends_at === null) continue
      owed.addNews(
        `clock/${id}/${side}`,
        phone,
        () => {
          const now = tables.chat_sessions.get(id)
          return told.get(`${phone.name}/${id}`) === ends_at || now?.ends_at !== ends_at ||
            now.mitra_id !== mitra_id
        },
        () =>
          complain(`${phone.name} was not told that the paid time runs again`, {
            session_id: id,
            people: [phone.name]
          })
      )
    }
  }

  const isLive = ({ auth_session_id }: Device): boolean => {
    const rows = tables.auth_sessions.where("family", auth_session_id)
    return rows.length > 0 && rows.every(({ revoked_at }) => revoked_at === null)
  }

  const deviceMoved = (before: Device) => {
    const phone = context.phoneOf(before.user_id)
    if (phone === undefined || !isLive(before)) return
    const since = context.now_ms()
    owed.addNews(
      `device/${before.token}/${phone.name}`,
      phone,
      () => (movedAt.get(phone) ?? 0) >= since,
      () => complain(`${phone.name} was not told that her phone is somebody else's`, { people: [phone.name] })
    )
  }

  return {
    rows: {
      chat_sessions: ({ after, before }) => {
        const isAgain = after !== undefined && before?.ends_at === null && after.ends_at !== null &&
          before.status === "active" && after.status === "active" && after.last_seq === before.last_seq
        if (isAgain) runsAgain(after)
      },
      devices: ({ after, before }) => {
        if (after !== undefined && before !== undefined && after.user_id !== before.user_id) {
          deviceMoved(before)
        }
      }
    },
    heard: (phone, event) => {
      const { _tag, ends_at, session_id } = event
      if (_tag === "device_moved") movedAt.set(phone, context.now_ms())
      else if ((_tag === "mitra_away" || _tag === "tick") && ends_at !== undefined) {
        told.set(`${phone.name}/${session_id}`, Date.parse(ends_at))
      } else if (_tag === "snapshot") {
        for (const view of event["sessions"]) {
          if (view.ends_at !== null) told.set(`${phone.name}/${view.session_id}`, Date.parse(view.ends_at))
        }
      }
    },
    onInterval: () => owed.check()
  }
}
