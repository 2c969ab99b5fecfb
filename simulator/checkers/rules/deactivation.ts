// 8: a deactivated mitra has no socket and no open offer a second later, and gets no new one; she is told
// nothing more.
import type { PhoneConnection } from "../../clients/connection.ts"
import { EventuallyBound } from "../eventually-bound.ts"
import { answerOf, type MakeRule, type Phone } from "../rule.ts"

/** The second of the invariant, and the way of the last frame to the phone. */
const withinMs = 1_300
const recoveryMs = 60_000
/** Of a WebSocket. */
const openState = 1
/** What was on its way over a slow line still arrives. */
const lateFrameMs = 15_000

export const deactivation: MakeRule = (context, complain) => {
  const withdrawals = new EventuallyBound(context, withinMs)
  /** By mitra: since when she is out. */
  const outSince = new Map<string, number>()
  const receivedAt = new Map<Phone, number>()
  /** The socket that the server holds open for her although she is out, and since when that is wrong. */
  const held = new Map<string, { readonly connection: PhoneConnection; readonly since_ms: number }>()
  const openOffers = new Map<string, Set<string>>()

  const cameOut = (mitraId: string) => {
    const phone = context.phoneOf(mitraId)
    const isOut = () => outSince.has(mitraId)
    withdrawals.expect(
      mitraId,
      () => !isOut() || (openOffers.get(mitraId)?.size ?? 0) === 0,
      () => complain("a deactivated mitra still has an open offer", peopleOf(phone))
    )
  }

  // At each onInterval, not only when she came out: a socket may sign in while she is being deactivated.
  const checkSocket = (mitraId: string) => {
    const phone = context.phoneOf(mitraId)
    const connection = phone?.connection ?? null
    if (phone === undefined || connection === null || !phone.isConnected || !isHeldOpen(connection)) {
      return void held.delete(mitraId)
    }
    const now = context.now_ms()
    const known = held.get(mitraId)
    if (known?.connection !== connection) return void held.set(mitraId, { connection, since_ms: now })
    if (now - known.since_ms < withinMs || context.calmFor_ms() < recoveryMs + withinMs) return
    held.delete(mitraId)
    complain(`${phone.name} is deactivated and still connected`, peopleOf(phone))
  }

  const receivedSomething = (phone: Phone, what: string) => {
    const since = phone.role === "mitra" && phone.id !== null ? outSince.get(phone.id) : undefined
    const now = context.now_ms()
    if (since === undefined || now - since < lateFrameMs || context.calmFor_ms() < recoveryMs) return
    const before = receivedAt.get(phone)
    if (before === undefined || before < since) return void receivedAt.set(phone, now)
    // A phone that was asleep hears all of it when it wakes: at one instant, and nothing after that.
    if (now - before < lateFrameMs) return
    complain(`${phone.name} is deactivated and was still told: ${what}`, peopleOf(phone))
  }

  return {
    rows: {
      mitras: ({ after, before, key }) => {
        if (after?.is_active === true) {
          outSince.delete(key)
          held.delete(key)
        } else if (before?.is_active === true) {
          outSince.set(key, context.now_ms())
          cameOut(key)
        }
      },
      chat_request_notifications: ({ after, before, key }) => {
        if (after === undefined) return
        const { mitra_id, session_id } = after
        const theirs = openOffers.get(mitra_id) ?? new Set()
        openOffers.set(mitra_id, theirs)
        if (after.status !== "pending") return void theirs.delete(key)
        theirs.add(key)
        const since = outSince.get(mitra_id)
        if (before === undefined && since !== undefined && context.now_ms() - since > withinMs) {
          complain("a deactivated mitra got a new offer", {
            ...peopleOf(context.phoneOf(mitra_id)),
            session_id
          })
        }
      }
    },
    heard: (phone, event) => receivedSomething(phone, event["_tag"]),
    called: (phone, tag, _payload, outcome) => {
      if (answerOf(outcome) !== null && !tag.startsWith("auth.")) {
        receivedSomething(phone, `an answer to ${tag}`)
      }
    },
    onInterval: () => {
      for (const mitraId of outSince.keys()) checkSocket(mitraId)
      withdrawals.check()
    }
  }
}

const peopleOf = (phone: Phone | undefined) => ({ people: phone === undefined ? [] : [phone.name] })

/**
 * Asked at the server's end: a phone that sleeps, or whose network is gone, learns of the close when it can,
 * but the server must have closed whatever becomes of the phone.
 */
const isHeldOpen = ({ line }: PhoneConnection): boolean =>
  line !== null && !line.isOver && line.transport.wire.readyState === openState
