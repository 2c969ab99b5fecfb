// What both sides of a chat may ask. `chat.send` answers only after the message is committed; its
// client_message_id may be repeated freely and never makes a second message.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { topics } from "../../domain/session/state.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, PageLimit, Seq, shortText, storable } from "../fields.ts"
import { CursorView, HandoverView, MessageView, PaymentView, SessionView } from "../views.ts"

const Cursor = Schema.String.check(Schema.isMaxLength(80))
const session = { session_id: Id }
const command = { command_id: ClientId, session_id: Id }
// Length is the machine's business (MESSAGE_TOO_LONG); this only bounds what is decoded.
const text = Schema.String.check(Schema.isMaxLength(16_000), storable)

export const ChatRpcs = RpcGroup.make(
  Rpc.make("chat.send", {
    payload: { ...session, client_message_id: ClientId, body: text },
    success: Schema.Struct({ message_id: Id, seq: Seq, sent_at: Instant }),
    error: CallError
  }),
  Rpc.make("chat.history", {
    payload: {
      ...session,
      before_seq: Schema.NullOr(Seq),
      after_seq: Schema.NullOr(Seq),
      limit: PageLimit
    },
    success: Schema.Struct({
      messages: Schema.Array(MessageView),
      has_more: Schema.Boolean,
      /** All of the chat, oldest first: with any one page they tell who spoke in it. */
      handovers: Schema.Array(HandoverView)
    }),
    error: CallError
  }),
  Rpc.make("chat.sessions", {
    payload: {
      before: Schema.NullOr(Cursor),
      after: Schema.optionalKey(Schema.NullOr(Cursor)),
      limit: PageLimit
    },
    success: Schema.Struct({
      sessions: Schema.Array(SessionView),
      /** The `before` of the next older page; null when there is none. */
      next: Schema.NullOr(Schema.String),
      /** The `after` that gives whatever ended since; null when the page is empty. */
      newest: Schema.NullOr(Schema.String)
    }),
    error: CallError
  }),
  /** Of the chats that are alive: the others cannot be marked as read any more. */
  Rpc.make("chat.unread", {
    payload: {},
    success: Schema.Struct({
      total: Schema.Int,
      sessions: Schema.Array(Schema.Struct({ ...session, unread: Schema.Int }))
    }),
    error: CallError
  }),
  Rpc.make("chat.delivered", { payload: { ...session, seq: Seq }, success: CursorView, error: CallError }),
  Rpc.make("chat.read", { payload: { ...session, seq: Seq }, success: CursorView, error: CallError }),
  Rpc.make("chat.typing", { payload: session, success: Schema.Null, error: CallError }),
  Rpc.make("chat.topic", {
    payload: { ...command, topic: Schema.Literals(topics) },
    success: SessionView,
    error: CallError
  }),
  /** A payment for more time. Once it is paid, the chat pauses and the mitra is asked. */
  Rpc.make("chat.request_extension", {
    payload: { ...command, tier_id: shortText(40) },
    success: PaymentView,
    error: CallError
  }),
  Rpc.make("chat.end", { payload: command, success: SessionView, error: CallError }),
  Rpc.make("chat.goodbye", { payload: { ...command, text }, success: SessionView, error: CallError })
)
