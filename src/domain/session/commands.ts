// What a session's actor can be asked to do. These travel between runners, so they are schemas. `by`
// is always the verified caller; ids and texts are checked again by the machine.
import * as Schema from "effect/Schema"
import { Participant, Topic } from "./state.ts"

export const messageLengthMax = 4000
export const goodbyeLengthMax = 1000

export const SessionCommand = Schema.Union([
  /** Time has passed: let everything due take effect. */
  Schema.TaggedStruct("Tick", {}),
  /** A place may have become free: look for mitras now instead of at the next look. */
  Schema.TaggedStruct("Requeue", {}),
  Schema.TaggedStruct("Accept", { by: Participant }),
  Schema.TaggedStruct("Decline", { by: Participant }),
  /** A mitra may not be offered this any more (deactivated). */
  Schema.TaggedStruct("WithdrawOffer", { mitra_id: Schema.String }),
  Schema.TaggedStruct("Cancel", { by: Participant }),
  Schema.TaggedStruct("SendMessage", {
    by: Participant,
    message_id: Schema.String,
    client_message_id: Schema.String,
    body: Schema.String
  }),
  Schema.TaggedStruct("MarkDelivered", { by: Participant, seq: Schema.Int }),
  Schema.TaggedStruct("MarkRead", { by: Participant, seq: Schema.Int }),
  Schema.TaggedStruct("SetTopic", { by: Participant, topic: Topic }),
  /** Its payment is confirmed: only the server says this, never a phone. */
  Schema.TaggedStruct("RequestExtension", {
    payment_id: Schema.String,
    amount_idr: Schema.Int,
    purchased_ms: Schema.Int
  }),
  Schema.TaggedStruct("AnswerExtension", {
    by: Participant,
    extension_seq: Schema.Int,
    approve: Schema.Boolean
  }),
  /** To another mitra, by staff, who believe that the chat is `from_mitra_id`'s. */
  Schema.TaggedStruct("Reroute", {
    staff_id: Schema.String,
    from_mitra_id: Schema.String,
    mitra_id: Schema.String,
    reason: Schema.String
  }),
  /** Look whether the chat's mitra is still there. */
  Schema.TaggedStruct("CheckMitra", {}),
  Schema.TaggedStruct("End", { by: Participant }),
  Schema.TaggedStruct("Goodbye", { by: Participant, text: Schema.String }),
  Schema.TaggedStruct("ForceClose", { staff_id: Schema.String, reason: Schema.String })
])
export type SessionCommand = typeof SessionCommand.Type
export type CommandOf<Tag extends SessionCommand["_tag"]> = Extract<SessionCommand, { _tag: Tag }>
