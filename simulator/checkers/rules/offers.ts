// 7: no offer outlives its request or its deadline, an asked mitra is shown her offer, and a mitra who lost
// is told so, with the true reason.
import { EventuallyBound } from "../eventually-bound.ts"
import { answerOf, type MakeRule, type Phone, refusalOf, Touched } from "../rule.ts"

const searching = new Set(["searching", "pending_acceptance"])
const closedWithinMs = 15_000
const deliveredWithinMs = 10_000

/** What a late answer may be told, by how the offer ended. */
const truth: Readonly<Record<string, string>> = {
  OFFER_TAKEN: "taken",
  OFFER_CANCELLED: "cancelled",
  OFFER_EXPIRED: "expired"
}

export const offers: MakeRule = (context, complain) => {
  const { tables } = context
  const pending = new Map<string, Set<string>>()
  const touched = new Touched()
  const closing = new EventuallyBound(context, closedWithinMs)
  const showing = new EventuallyBound(context, deliveredWithinMs)
  const telling = new EventuallyBound(context, deliveredWithinMs)

  const check = (session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    const open = pending.get(session_id)
    if (open === undefined) return
    if (open.size === 0) return void pending.delete(session_id)
    if (row === undefined || !searching.has(row.status)) {
      complain(`${open.size} offers are open for a request that is ${row?.status ?? "gone"}`, { session_id })
    }
  }

  const opened = (key: string, session_id: string, deadline: number) => {
    pending.set(session_id, (pending.get(session_id) ?? new Set()).add(key))
    closing.expect(
      key,
      () => pending.get(session_id)?.has(key) !== true,
      () => complain("an offer is open long after its deadline", { session_id }),
      deadline
    )
  }

  const expectNews = (key: string, session_id: string, mitraId: string) => {
    const phone = context.phoneOf(mitraId)
    if (phone === undefined) return
    telling.expect(
      key,
      () => phone.clientState.offers.get(session_id)?.ending !== null || !isListening(phone),
      () => complain(`${phone.name} still shows an offer that is over`, { session_id, people: [phone.name] })
    )
  }

  const expectShown = (key: string, session_id: string, mitraId: string) => {
    const phone = context.phoneOf(mitraId)
    if (phone === undefined) return
    showing.expect(
      key,
      () =>
        phone.clientState.offers.has(session_id) || pending.get(session_id)?.has(key) !== true ||
        !isListening(phone),
      () => complain(`${phone.name} is asked and is not shown it`, { session_id, people: [phone.name] })
    )
  }

  // A phone that has just reconnected gets it with its snapshot, which is on its way.
  const isListening = (phone: Phone): boolean => context.connectedFor_ms(phone) >= deliveredWithinMs

  const refused = (phone: Phone, session_id: string, code: string) => {
    const wanted = truth[code]
    const row = tables.chat_request_notifications.get(`${session_id}/${phone.id}`)
    if (wanted === undefined || row === undefined || row.ending === wanted) return
    complain(`${phone.name} was told ${code}, but her offer ended as ${row.ending ?? row.status}`, {
      session_id,
      people: [phone.name]
    })
  }

  return {
    rows: {
      chat_request_notifications: ({ after, before, key }) => {
        if (after === undefined) return
        const { deadline_at, ending, mitra_id, session_id, status } = after
        touched.add(session_id)
        if (status === "pending") {
          if (before !== undefined && before.status !== "pending") {
            complain("an offer that was over is open again", { session_id })
          }
          if (before === undefined) expectShown(key, session_id, mitra_id)
          return opened(key, session_id, deadline_at)
        }
        pending.get(session_id)?.delete(key)
        if (before?.status === status && before.ending === ending) return
        if (status === "accepted") return
        if (ending === null) complain(`an offer is ${status} without a reason`, { session_id })
        if ((status === "missed") !== (ending === "taken")) {
          complain(`an offer is ${status} because ${ending}`, { session_id })
        }
        expectNews(key, session_id, mitra_id)
      },
      chat_sessions: ({ after, before, key }) => {
        if (after?.status === before?.status) return
        touched.add(key)
      }
    },
    statement: () => touched.drain(check),
    heard: (phone, event) => {
      if (event["_tag"] !== "offer_closed") return
      const { ending, session_id } = event
      const row = tables.chat_request_notifications.get(`${session_id}/${phone.id}`)
      // A phone may be told that an offer expired before a runner has written it down.
      if (row === undefined || row.ending === ending || ending === "expired") return
      complain(`${phone.name} was told that an offer is ${ending}; it is ${row.ending ?? row.status}`, {
        session_id,
        people: [phone.name]
      })
    },
    called: (phone, tag, payload, outcome) => {
      if (tag !== "mitra.accept") return
      const code = answerOf(outcome) === null ? refusalOf(outcome) : null
      if (code !== null) refused(phone, payload["session_id"], code)
    },
    onInterval: () => {
      closing.check()
      showing.check()
      telling.check()
    }
  }
}
