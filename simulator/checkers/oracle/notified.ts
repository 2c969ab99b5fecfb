// Notified: which pushes each event writes down, with which lifetime, in the same transaction; what the
// provider is given must fit the time that is left, is never for an open app, and comes in time for one that
// is closed.
import type { AuthSessionRow, PushRow, SessionEventRow } from "../../../testkit/memory/store/tables.ts"
import type { StoredMessage } from "../../../src/services/sessions/sessions.ts"
import { type MakeRule, type Phone } from "../rule.ts"

const messageLifeMs = 3_600_000
/** A new sign-in is told to the person's other phones, after the newcomer had time to register its own. */
const signInDelayMs = 15_000
const signInLifeMs = 24 * 3_600_000
/** An open app takes a message in within this time. */
const messageDelayMs = 2_000
/** From the decision to the provider's answer. */
const onItsWayMs = 1_500
const connectedMs = 5_000
/** Whose phone it is is looked up before that. */
const movedWithinMs = 2_000
/** A silent phone is noticed after 45 to 50 seconds. */
const surelyAwayMs = 70_000
/** The worker's cadence, and its ways. */
const sentWithinMs = 12_000
const recoversMs = 180_000
const attemptsMax = 6
/** What this world's provider says of a notification that it refuses for good. */
const neverTaken = "INVALID_ARGUMENT"

/** A push that an event must write down: to whom, what, until when. */
const draftsOf = (
  { event, session_id }: SessionEventRow,
  customer_id: string,
  mitra_id: string | null
): ReadonlyArray<string> => {
  const to = (user_id: string | null, kind: string, expires_at: number) =>
    user_id === null ? [] : [`${session_id}/${kind}/${user_id}/${expires_at}`]
  switch (event._tag) {
    case "OffersSent":
      return event.offers.flatMap((offer) => to(offer.mitra_id, "offer", offer.deadline_at))
    case "Paired":
      return to(customer_id, "paired", event.ends_at)
    case "Rerouted":
      return [...to(customer_id, "paired", event.ends_at), ...to(event.mitra_id, "paired", event.ends_at)]
    case "ExtensionRequested":
      return to(mitra_id, "extension", event.deadline_at)
    case "ClosingStarted":
      return [customer_id, mitra_id].flatMap((id) => to(id, "closing", event.closing_ends_at))
    default:
      return []
  }
}

export const notified: MakeRule = (context, complain) => {
  const { tables } = context
  let events: Array<SessionEventRow> = []
  let messages: Array<StoredMessage> = []
  let signIns: Array<AuthSessionRow> = []
  let pushes: Array<PushRow> = []
  const waiting = new Map<
    string,
    { readonly push: PushRow; readonly phone: Phone; readonly since_ms: number }
  >()
  /** When each phone became that of another sign-in. */
  const movedAt = new Map<string, number>()
  let seen = 0

  const check = () => {
    if (events.length + messages.length + signIns.length + pushes.length === 0) return
    const wanted = new Set<string>()
    for (const row of events) {
      const chat = tables.chat_sessions.get(row.session_id)
      if (chat === undefined) continue
      for (const draft of draftsOf(row, chat.customer_id, chat.mitra_id)) wanted.add(draft)
    }
    for (const { sender_id, session_id } of messages) {
      const chat = tables.chat_sessions.get(session_id)
      const to = chat?.customer_id === sender_id ? chat.mitra_id : chat?.customer_id
      if (to != null) wanted.add(`${session_id}/message/${to}`)
    }
    for (const { created_at, family_id, user_id } of signIns) {
      const hasOthers = [...tables.devices.values()].some((device) =>
        device.user_id === user_id && device.auth_session_id !== family_id
      )
      if (hasOthers) wanted.add(`${family_id}/sign_in/${user_id}/${created_at + signInLifeMs}`)
    }
    for (const push of pushes) {
      const { created_at, due_at, expires_at, kind, session_id, user_id } = push
      const key = kind === "message"
        ? `${session_id}/message/${user_id}`
        : `${session_id ?? push.auth_session_id}/${kind}/${user_id}/${expires_at}`
      if (!wanted.delete(key) && kind !== "message") {
        complain(`a push was written that no event asks for: ${key}`, { session_id })
      }
      const isLate = kind === "message" && expires_at - due_at !== messageLifeMs - messageDelayMs
      if (isLate) complain(`a message is worth a push for ${expires_at - due_at} ms`, { session_id })
      const waitsMs = kind === "sign_in" ? signInDelayMs : 0
      if (kind !== "message" && due_at > created_at + waitsMs) {
        complain(`the push of ${kind} waits ${due_at - created_at} ms`, { session_id })
      }
      follow(push)
    }
    for (const key of wanted) {
      if (isShared(key)) continue
      complain(`no push was written: ${key}`, { session_id: key.split("/")[0] ?? null })
    }
    events = []
    messages = []
    signIns = []
    pushes = []
  }

  /** Messages that follow quickly share one push. */
  const isShared = (key: string): boolean => {
    const [session_id = "", kind, user_id] = key.split("/")
    return kind === "message" &&
      tables.push_outbox.where("open", session_id).some((push) =>
        push.kind === kind && push.user_id === user_id
      )
  }

  /** What the provider could not take is tried six times; what it will never take, once. */
  const givenUp = ({ attempts, kind, last_error, session_id }: PushRow) => {
    if (last_error === neverTaken || attempts === attemptsMax) return
    complain(`the push of ${kind} was given up after ${attempts} attempts: ${last_error}`, { session_id })
  }

  /** One whose app has been closed for long must hear of it from the provider. */
  const follow = (push: PushRow) => {
    const phone = context.phoneOf(push.user_id)
    const now = context.now_ms()
    // Of a sign-in only the person's other phones hear.
    if (phone === undefined || push.kind === "message" || push.kind === "sign_in") return
    if (context.awayFor_ms(phone) < surelyAwayMs) return
    if (push.expires_at - now < sentWithinMs + 2_000 || context.steadyFor_ms() < recoversMs) return
    waiting.set(push.id, { push, phone, since_ms: now })
  }

  const hasDevice = (user_id: string): boolean =>
    [...tables.devices.values()].some((device) => {
      if (device.user_id !== user_id) return false
      const signIn = tables.auth_sessions.where("family", device.auth_session_id)
      return signIn.length > 0 && signIn.every(({ revoked_at }) => revoked_at === null)
    })

  const checkWaiting = () => {
    const now = context.now_ms()
    for (const [id, { phone, push, since_ms }] of waiting) {
      if (now - since_ms < sentWithinMs) continue
      waiting.delete(id)
      const row = tables.push_outbox.get(id)
      const isExcused = row === undefined || row.status !== "pending" && row.status !== "retrying" &&
          row.status !== "skipped" && row.status !== "expired" ||
        phone.isConnected ||
        context.awayFor_ms(phone) < now - since_ms || context.steadyFor_ms() < recoversMs ||
        context.pushesTakenFor_ms() < recoversMs || tables.push_hold.size > 0 ||
        tables.settings.get("push_paused")?.value === true || !hasDevice(push.user_id)
      if (isExcused) continue
      complain(`${phone.name} is away and was not notified of ${push.kind}: ${row.status}`, {
        session_id: push.session_id,
        people: [phone.name]
      })
    }
  }

  const checkSent = () => {
    for (; seen < context.pushes.length; seen += 1) {
      const { at_ms, message } = context.pushes[seen]!
      const { kind, session_id } = message.data
      const about = { session_id: session_id ?? null }
      if (context.clocksTrueFor_ms() < 5_000 || context.steadyFor_ms() < 60_000) continue
      const decided_at = message.expires_at - message.ttl_ms
      if (at_ms - decided_at > onItsWayMs || decided_at > at_ms) {
        complain(`a push of ${kind} lives ${at_ms - decided_at} ms beside what it is about`, about)
      }
      const row = tables.push_outbox.get(message.data["push_id"] ?? "")
      if (row === undefined || row.expires_at !== message.expires_at || row.kind !== kind) {
        complain("a push was sent that was not written down like this", about)
      }
      if (message.data["expires_at"] !== new Date(message.expires_at).toISOString()) {
        complain(`a push of ${kind} says that it lives until ${message.data["expires_at"]}`, about)
      }
      // A phone that is somebody else's by now was hers when the push was on its way.
      if ((movedAt.get(message.token) ?? 0) > decided_at - movedWithinMs) continue
      const device = tables.devices.get(message.token)
      const owner = device?.user_id
      if (kind === "sign_in" && row !== undefined && device?.auth_session_id === row.auth_session_id) {
        complain("the phone that signed in was pushed that it did", about)
      }
      const phone = owner === undefined ? undefined : context.phoneOf(owner)
      if (row !== undefined && owner !== undefined && owner !== row.user_id) {
        complain("a push was sent to another person's phone", about)
      }
      if (phone !== undefined && kind !== "sign_in" && context.owedFor_ms(phone) > connectedMs) {
        complain(`${phone.name} was sent a push of ${kind} with the app open`, {
          ...about,
          people: [phone.name]
        })
      }
    }
  }

  return {
    rows: {
      devices: ({ after, before, key }) => {
        const isOthers = before !== undefined && after?.auth_session_id !== before.auth_session_id
        if (isOthers) movedAt.set(key, context.now_ms())
      },
      session_events: ({ after }) => {
        if (after !== undefined) events.push(after)
      },
      messages: ({ after, before }) => {
        if (after !== undefined && before === undefined) messages.push(after)
      },
      auth_sessions: ({ after, before }) => {
        const isFirst = after !== undefined && before === undefined && after.id === after.family_id
        if (isFirst && after.user_type !== "staff") signIns.push(after)
      },
      push_outbox: ({ after, before }) => {
        if (before === undefined && after !== undefined) pushes.push(after)
        if (after?.status === "dead" && before?.status !== "dead") givenUp(after)
      }
    },
    statement: check,
    onInterval: () => {
      checkSent()
      checkWaiting()
    },
    end: checkSent
  }
}
