// The one event stream of a socket: first a snapshot, then what was missed, then what happens. The
// phone says the last sequence it holds per session and gets exactly what came after.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { absenceCauses, sides, topics } from "../../domain/session/state.ts"
import { CallError } from "../errors.ts"
import { Id, Instant, Seq, shortText } from "../fields.ts"
import { MessageView, OfferView, SessionView } from "../views.ts"

/** A numbered event of one session. `kind` says which; unknown kinds must be skipped, not refused. */
export const SessionFact = Schema.Union([
  Schema.Struct({ kind: Schema.Literals(["offers_sent"]), asked: Schema.Int, wave: Schema.Int }),
  Schema.Struct({
    kind: Schema.Literals(["paired"]),
    mitra_id: Id,
    mitra_name: Schema.String,
    ends_at: Instant
  }),
  /** The chat goes on with another mitra; for the one who handed it over this is the last she hears of it. */
  Schema.Struct({
    kind: Schema.Literals(["rerouted"]),
    from_mitra_id: Id,
    mitra_id: Id,
    mitra_name: Schema.String,
    ends_at: Instant
  }),
  Schema.Struct({ kind: Schema.Literals(["request_cancelled"]), by: Schema.String }),
  /** is_terminal is false: the payment stays good for another try. */
  Schema.Struct({
    kind: Schema.Literals(["pairing_failed"]),
    cause: Schema.String,
    is_terminal: Schema.Boolean
  }),
  Schema.Struct({ kind: Schema.Literals(["message"]), message: MessageView }),
  Schema.Struct({ kind: Schema.Literals(["warning"]), remaining_seconds: Schema.Int }),
  Schema.Struct({ kind: Schema.Literals(["topic_changed"]), topic: Schema.Literals(topics) }),
  /** Paid for; the clock stands still until the mitra answers, `deadline_at` at the latest. */
  Schema.Struct({
    kind: Schema.Literals(["extension_requested"]),
    duration_seconds: Schema.Int,
    deadline_at: Instant
  }),
  Schema.Struct({
    kind: Schema.Literals(["session_resumed"]),
    by: Schema.String,
    added_seconds: Schema.Int,
    ends_at: Instant
  }),
  Schema.Struct({ kind: Schema.Literals(["closing"]), reason: Schema.String, closing_ends_at: Instant }),
  Schema.Struct({ kind: Schema.Literals(["goodbye"]), side: Schema.Literals(sides), text: Schema.String }),
  Schema.Struct({ kind: Schema.Literals(["completed"]), reason: Schema.String, ended_by: Schema.String })
])
export type SessionFact = typeof SessionFact.Type

export const PhoneEvent = Schema.Union([
  /** First of every stream, and again after the server had to start over for this phone. */
  Schema.TaggedStruct("snapshot", {
    server_now: Instant,
    sessions: Schema.Array(SessionView),
    offers: Schema.Array(OfferView),
    /** Per session named in `since`: false means the gap is too long, fetch history instead. */
    recovered: Schema.Array(Schema.Struct({ session_id: Id, recovered: Schema.Boolean })),
    /** Which history the numbers are of: give it back with `since`. */
    epoch: Schema.String,
    settings: Schema.Struct({
      heartbeat_every_seconds: Schema.Int,
      message_length_max: Schema.Int,
      typing_expires_ms: Schema.Int
    })
  }),
  Schema.TaggedStruct("session", { session_id: Id, seq: Seq, at: Instant, fact: SessionFact }),
  Schema.TaggedStruct("receipt", {
    session_id: Id,
    side: Schema.Literals(sides),
    delivered_seq: Seq,
    read_seq: Seq
  }),
  /** The chat's mitra cannot be reached; `cause` null: she, or another, can again. */
  Schema.TaggedStruct("mitra_away", {
    session_id: Id,
    cause: Schema.NullOr(Schema.Literals(absenceCauses)),
    since: Instant,
    /** The paid clock stands, until another takes over or then. */
    paused_until: Schema.optionalKey(Instant),
    /** Beside a cause of null: the clock runs again, to this end. */
    ends_at: Schema.optionalKey(Instant)
  }),
  Schema.TaggedStruct("typing", { session_id: Id, side: Schema.Literals(sides), expires_in_ms: Schema.Int }),
  Schema.TaggedStruct("offer", { offer: OfferView }),
  Schema.TaggedStruct("offer_closed", {
    session_id: Id,
    ending: Schema.Literals(["taken", "cancelled", "expired", "declined", "withdrawn"]),
    winner_at: Schema.NullOr(Instant)
  }),
  Schema.TaggedStruct("mitra_status", { is_online: Schema.Boolean, cause: Schema.String }),
  /** This person has signed in on another phone: if it was not them, `auth.end_sign_in`. */
  Schema.TaggedStruct("signed_in", { sign_in_id: Id, at: Instant }),
  /** Pushes for this token go to somebody else now: if it is still this phone's, it registers again. */
  Schema.TaggedStruct("device_moved", { at: Instant }),
  /** Every 60 s per running session: the server's clock, to correct drift. */
  Schema.TaggedStruct("tick", {
    session_id: Id,
    server_now: Instant,
    ends_at: Instant,
    remaining_ms: Schema.Int
  })
])
export type PhoneEvent = typeof PhoneEvent.Type

export const EventRpcs = RpcGroup.make(
  Rpc.make("events.subscribe", {
    payload: {
      /** Of the snapshot that `since` goes on from; without it the numbers are taken as they are. */
      epoch: Schema.optionalKey(shortText(100)),
      since: Schema.Array(Schema.Struct({ session_id: Id, seq: Seq })).check(Schema.isMaxLength(50))
    },
    success: PhoneEvent,
    error: CallError,
    stream: true
  })
)
