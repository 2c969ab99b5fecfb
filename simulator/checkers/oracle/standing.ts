// Standing: what staff's word, a drain, a block and a report make of a mitra: who is held comes online only
// when the hold is over, who is put out or finished her last chat is not drained any more, who takes no more
// chats has no open offer left, and no chat is given, no offer made, to one who cannot take it.
import type { OfferRow, SessionEventRow } from "../../../testkit/memory/store/tables.ts"
import { type MakeRule, type Phone, refusalOf, Touched } from "../rule.ts"
import { Numbers } from "./numbers.ts"

/** What was read for a decision may be so old when it is written. */
const readAgoMs = 1_500
const recoversMs = 30_000
const clocksTrueMs = 5_000
/** At once by her own actor, else by the sweep. */
const withdrawnWithinMs = 5_000

export const standing: MakeRule = (context, complain) => {
  const { tables } = context
  const numbers = new Numbers(context)
  const mitras = new Touched()
  const putOut = new Touched()
  /** Since when she may be given nothing, and why. */
  const outSince = new Map<string, { readonly why: string; readonly since_ms: number }>()
  const blockedSince = new Map<string, number>()
  const holds = new Map<string, { readonly until: number | null; readonly at_ms: number }>()
  const askedAt = new Map<Phone, number>()
  let logged = tables.mitra_online_logs.length

  const about = (mitra_id: string, session_id: string | null = null) => {
    const phone = context.phoneOf(mitra_id)
    return { session_id, people: phone === undefined ? [] : [phone.name] }
  }
  const isExact = () => context.clocksTrueFor_ms() > clocksTrueMs && context.steadyFor_ms() > recoversMs

  const reasonOf = (mitra_id: string): string | null => {
    const status = tables.mitra_status.get(mitra_id)
    if (tables.mitras.get(mitra_id)?.is_active !== true) return "is deactivated"
    return status?.is_draining === true ? "is to finish her chats" : null
  }

  const note = (mitra_id: string) => {
    const why = reasonOf(mitra_id)
    const known = outSince.get(mitra_id)
    if (why === null) outSince.delete(mitra_id)
    else if (known?.why !== why) outSince.set(mitra_id, { why, since_ms: context.now_ms() })
  }

  /** Who comes back later begins afresh. */
  const wasPutOut = (mitra_id: string) => {
    const status = tables.mitra_status.get(mitra_id)
    if (status?.is_draining !== true && status?.hold == null) return
    complain("a mitra who was put out is still drained, or held", about(mitra_id))
  }

  const scanLog = () => {
    for (; logged < tables.mitra_online_logs.length; logged += 1) {
      const { at, cause, is_online, mitra_id } = tables.mitra_online_logs[logged]!
      const status = tables.mitra_status.get(mitra_id)
      if (is_online || status === undefined) continue
      if ((cause === "drained" || cause === "forced") && status.is_draining) {
        complain(`a mitra went offline, ${cause}, and is still to finish her chats`, about(mitra_id))
      }
      const until = status.hold?.until ?? null
      if (cause === "drained" && until === null && numbers.smallest("mitra_hold_seconds") > 0) {
        complain("a mitra whose drain is over is not held", about(mitra_id))
      }
      const isHeldAnew = cause === "drained" && until !== null
      if (isHeldAnew && !numbers.may("mitra_hold_seconds", (until - at) / 1000)) {
        complain(`a drained mitra is held for ${until - at} ms`, about(mitra_id))
      }
    }
  }

  const cameOnline = (mitra_id: string) => {
    const hold = holds.get(mitra_id)
    const now = context.now_ms()
    if (hold === undefined || !isExact() || now - hold.at_ms < readAgoMs) return
    if (hold.until !== null && hold.until <= now) return
    complain(`a mitra came online who is held until ${hold.until ?? "staff lift it"}`, about(mitra_id))
  }

  const isBlocked = (customer_id: string, mitra_id: string): boolean => {
    const since = blockedSince.get(`${customer_id}/${mitra_id}`)
    return since !== undefined && context.now_ms() - since > readAgoMs
  }

  const isOut = (mitra_id: string): string | null => {
    const out = outSince.get(mitra_id)
    return out !== undefined && context.now_ms() - out.since_ms > readAgoMs ? out.why : null
  }

  const offered = ({ mitra_id, session_id }: OfferRow) => {
    const customer_id = tables.chat_sessions.get(session_id)?.customer_id
    if (customer_id === undefined || !isExact() || !isBlocked(customer_id, mitra_id)) return
    complain("a mitra was asked who has blocked the customer, or was blocked", about(mitra_id, session_id))
  }

  const given = ({ event, session_id }: SessionEventRow) => {
    if (event._tag !== "Rerouted" || !isExact()) return
    const { mitra_id } = event
    const customer_id = tables.chat_sessions.get(session_id)?.customer_id ?? ""
    const why = isOut(mitra_id) ?? (isBlocked(customer_id, mitra_id) ? "is blocked" : null)
    if (why !== null) complain(`a chat was given to a mitra who ${why}`, about(mitra_id, session_id))
  }

  const checkWithdrawn = () => {
    const now = context.now_ms()
    for (const [mitra_id, { since_ms, why }] of outSince) {
      if (now - since_ms < withdrawnWithinMs || now - since_ms > 4 * withdrawnWithinMs) continue
      if (context.steadyFor_ms() - recoversMs < now - since_ms) continue
      // Who was choosing in that moment asks her still; the sweep takes that back.
      const kept = tables.chat_request_notifications.where("pending", mitra_id)
        .filter(({ deadline_at, sent_at }) => sent_at < since_ms && deadline_at > now)
      for (const { session_id } of kept.slice(0, 1)) {
        complain(`a mitra who ${why} has kept an open offer`, about(mitra_id, session_id))
      }
    }
  }

  /** Who has just been blocked loses an offer that is open between the two. */
  const checkBlocked = () => {
    const now = context.now_ms()
    for (const [pair, since_ms] of blockedSince) {
      if (now - since_ms < withdrawnWithinMs || now - since_ms > 4 * withdrawnWithinMs) continue
      if (context.steadyFor_ms() - recoversMs < now - since_ms) continue
      const [customer_id = "", mitra_id = ""] = pair.split("/")
      const kept = tables.chat_request_notifications.where("pending", mitra_id).find((offer) =>
        offer.sent_at < since_ms && offer.deadline_at > now &&
        tables.chat_sessions.get(offer.session_id)?.customer_id === customer_id
      )
      if (kept === undefined) continue
      complain("an offer is open between two of whom one blocked the other", about(mitra_id, kept.session_id))
    }
  }

  return {
    rows: {
      settings: numbers.changed,
      mitras: ({ after, before, key }) => {
        mitras.add(key)
        if (before?.is_active === true && after?.is_active === false) putOut.add(key)
      },
      mitra_status: ({ after, before, key }) => {
        mitras.add(key)
        if (after === undefined) return
        if (before?.is_online === false && after.is_online) cameOnline(key)
        if (after.hold === null) holds.delete(key)
        else if (after.hold.until !== before?.hold?.until || before.hold === null) {
          holds.set(key, { until: after.hold.until, at_ms: context.now_ms() })
        }
      },
      blocks: ({ after, before }) => {
        const row = after ?? before
        if (row === undefined) return
        const pair = `${row.customer_id}/${row.mitra_id}`
        const isStill = tables.blocks.where("customer", row.customer_id).some((block) =>
          block.mitra_id === row.mitra_id
        )
        if (!isStill) blockedSince.delete(pair)
        else if (!blockedSince.has(pair)) blockedSince.set(pair, context.now_ms())
      },
      chat_request_notifications: ({ after, before }) => {
        if (after !== undefined && before === undefined) offered(after)
      },
      session_events: ({ after }) => {
        if (after !== undefined) given(after)
      }
    },
    statement: () => {
      mitras.drain(note)
      putOut.drain(wasPutOut)
      scanLog()
    },
    sent: (phone, tag) => {
      if (tag === "mitra.go_online") askedAt.set(phone, context.now_ms())
    },
    called: (phone, tag, _payload, outcome) => {
      if (tag !== "mitra.go_online" || refusalOf(outcome) !== "MITRA_ON_HOLD" || phone.id === null) return
      const until = holds.get(phone.id)?.until ?? null
      const asked = askedAt.get(phone) ?? 0
      if (until === null || until > asked || context.clocksTrueFor_ms() < clocksTrueMs) return
      complain(`${phone.name} was told of a hold that was over ${asked - until} ms before`, about(phone.id))
    },
    onInterval: () => {
      checkWithdrawn()
      checkBlocked()
    }
  }
}
