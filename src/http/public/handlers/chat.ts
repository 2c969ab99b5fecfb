// Handlers of what both sides of a chat may ask. Everything that changes a session goes to its actor;
// everything that only reads asks whether the reader is one of its two people.
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { ChatRpcs } from "../../../contract/public/chat.ts"
import { instant } from "../../../contract/fields.ts"
import { refuse } from "../../../domain/refusal.ts"
import type { SessionCommand } from "../../../domain/session/commands.ts"
import type { Participant } from "../../../domain/session/state.ts"
import { handoversOf, lastReadable, seenBy } from "../../../domain/transcript.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import type { StoredMessage } from "../../../services/sessions/sessions.ts"
import { currentConnection } from "../../socket/connection.ts"
import { currentCaller, currentCustomer, participantOf } from "../auth/caller.ts"
import { type AskedPage, pageOf } from "../views/past-page.ts"
import { paymentView } from "../views/payment-view.ts"
import { paced, Quotas } from "../quotas.ts"
import { messageView } from "../views/session-fact.ts"
import { answering } from "./answering.ts"
import { changeSession, command, ownSession, viewSessions } from "./own-session.ts"
import { orderExtension } from "./payment-orders.ts"
import { makeTyping } from "./typing.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"

interface Outgoing {
  readonly session_id: string
  readonly client_message_id: string
  readonly body: string
}

type MessagePace = ReturnType<typeof paced>

const send = Effect.fnUntraced(
  function*({ body, client_message_id, session_id }: Outgoing, pace: MessagePace) {
    const me = yield* currentCaller
    yield* pace(`${session_id}/${me.side}`)
    const message_id = yield* (yield* SecureRandom.SecureRandom).uuidV7()
    // No command id: the client_message_id is what a repeat is recognised by.
    const reply = yield* command(me, session_id, null, {
      _tag: "SendMessage",
      by: participantOf(me),
      message_id,
      client_message_id,
      body
    })
    if (reply.message_id === null || reply.seq === null) {
      return yield* Effect.die(new Error("a committed message has no id or sequence"))
    }
    return { message_id: reply.message_id, seq: reply.seq, sent_at: instant(reply.at) }
  }
)

interface HistoryRange {
  readonly session_id: string
  readonly before_seq: number | null
  readonly after_seq: number | null
  readonly limit: number
}

/** Characters of one page, roughly: a page of long messages must not fill a slow phone's allowance. */
export const historyWeightMax = 200_000

/** How many of these make one page; always at least one, or a reader would get no further. */
const fitting = (messages: ReadonlyArray<StoredMessage>): number => {
  let weight = 0
  const over = messages.findIndex(({ body }, index) => {
    weight += 400 + body.length
    return index > 0 && weight > historyWeightMax
  })
  return over === -1 ? messages.length : over
}

const history = Effect.fnUntraced(function*({ after_seq, before_seq, limit, session_id }: HistoryRange) {
  const me = yield* currentCaller
  if (before_seq !== null && after_seq !== null) {
    return yield* refuse("BAD_REQUEST", "Give before_seq or after_seq, not both.")
  }
  const state = yield* ownSession(me, session_id)
  const end = lastReadable(state)
  const before = Math.min(before_seq ?? Number.MAX_SAFE_INTEGER, end + 1)
  const range = after_seq === null ? { before } : { after: after_seq }
  // One more than asked for tells whether there is more; it is the one farthest from where we read.
  const read = yield* (yield* SessionViews).messages(session_id, range, limit + 1)
  const found = read.filter(({ seq }) => seq <= end)
  const nearestFirst = after_seq === null ? found.toReversed() : found
  const page = nearestFirst.slice(0, Math.min(limit, fitting(nearestFirst)))
  const inOrder = after_seq === null ? page.toReversed() : page
  return {
    messages: inOrder.map(messageView),
    has_more: found.length > page.length,
    handovers: handoversOf(state).map(({ at, ...handover }) => ({ ...handover, at: instant(at) }))
  }
})

const unread = Effect.gen(function*() {
  const me = yield* currentCaller
  const views = yield* SessionViews
  const live = yield* views.liveOf(me.side, me.id)
  const counts = live.length === 0
    ? new Map<string, number>()
    : yield* views.unread(me.side, live.map((state) => state.id))
  return {
    total: [...counts.values()].reduce((sum, count) => sum + count, 0),
    sessions: live.map(({ id }) => ({ session_id: id, unread: counts.get(id) ?? 0 }))
  }
})

const past = Effect.fnUntraced(function*(page: AskedPage) {
  const me = yield* currentCaller
  const found = yield* pageOf(
    page,
    (options) => Effect.flatMap(SessionViews, (sessions) => sessions.pastOf(me.side, me.id, options)),
    (state) => seenBy(state, me)?.ended_at ?? null
  )
  return { ...found, sessions: yield* viewSessions(me, found.sessions) }
})

const receipt = Effect.fnUntraced(
  function*(tag: "MarkDelivered" | "MarkRead", sessionId: string, seq: number) {
    const me = yield* currentCaller
    const { id } = yield* currentConnection
    const reply = yield* command(me, sessionId, null, { _tag: tag, by: participantOf(me), seq }, id)
    return reply.cursor ?? (yield* Effect.die(new Error("a participant's receipt has no cursor")))
  }
)

const extension = Effect.fnUntraced(function*(
  payload: { readonly command_id: string; readonly session_id: string; readonly tier_id: string }
) {
  const me = yield* currentCustomer
  const session = yield* ownSession(me, payload.session_id)
  const { command_id, tier_id } = payload
  const payment = yield* orderExtension({ customer_id: me.id, command_id, tier_id, session })
  return paymentView(payment, payment.extends_session_id)
})

const change = Effect.fnUntraced(function*(
  payload: { readonly command_id: string; readonly session_id: string },
  as: (by: Participant) => SessionCommand
) {
  const me = yield* currentCaller
  return yield* changeSession(me, payload.session_id, payload.command_id, as(participantOf(me)))
})

export const layer = ChatRpcs.toLayer(Effect.gen(function*() {
  const typing = yield* makeTyping
  const pace = paced("messages", (yield* Quotas).messages_per_chat_and_side)
  return ChatRpcs.of({
    "chat.send": (payload) => answering(send(payload, pace)),
    "chat.history": (payload) => answering(inShare("strangers")(history(payload))),
    "chat.sessions": (page) => answering(inShare("strangers")(past(page))),
    "chat.unread": () => answering(inShare("strangers")(unread)),
    "chat.delivered": ({ seq, session_id }) => answering(receipt("MarkDelivered", session_id, seq)),
    "chat.read": ({ seq, session_id }) => answering(receipt("MarkRead", session_id, seq)),
    "chat.typing": ({ session_id }) =>
      answering(inShare("strangers")(Effect.flatMap(currentCaller, (me) => typing(me, session_id)))),
    "chat.topic": (payload) =>
      answering(change(payload, (by) => ({ _tag: "SetTopic", by, topic: payload.topic }))),
    "chat.request_extension": (payload) => answering(inShare("strangers")(extension(payload))),
    "chat.end": (payload) => answering(change(payload, (by) => ({ _tag: "End", by }))),
    "chat.goodbye": (payload) =>
      answering(change(payload, (by) => ({ _tag: "Goodbye", by, text: payload.text })))
  })
}))
