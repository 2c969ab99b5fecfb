// What one runner tells the others in one payload: several messages, below the 8,000 bytes Postgres
// allows, because any of them may have to go there. What cannot be read here costs a Resync, never a crash.
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { offlineCauses } from "../../domain/mitra.ts"
import type { SessionEvent } from "../../domain/session/events.ts"
import { OfferedRequest } from "../../domain/session/offered-request.ts"
import { offerEndings, sides } from "../../domain/session/state.ts"
import type { BusEvent, BusMessage, Topic } from "../../services/bus/bus.ts"

/** Bytes of UTF-8, everything included. */
export const payloadLimit = 7_500

const version = 1

export interface Sender {
  readonly runner: string
  /**
   * Counts this runner's payloads, so that receivers notice what is missing or comes twice; and Postgres
   * drops equal ones of one transaction, so none may be.
   */
  readonly nextNumber: () => number
}

export interface Notification {
  readonly runner: string
  readonly number: number
  /** The sender lost messages before this: every receiver resyncs. */
  readonly missed: boolean
  /** The sender says goodbye: its silence means nothing from now on. */
  readonly leaving: boolean
  readonly messages: ReadonlyArray<BusMessage>
}

// The event itself was checked by the runner that committed it; only its outline is checked here.
const Event = Schema.declare((input): input is SessionEvent =>
  typeof input === "object" && input !== null && "_tag" in input && typeof input._tag === "string" &&
  "at" in input && typeof input.at === "number"
)

const Sent: Schema.Codec<BusEvent, unknown> = Schema.Union([
  Schema.TaggedStruct("SessionEvent", {
    session_id: Schema.String,
    seq: Schema.NullOr(Schema.Int),
    event: Schema.NullOr(Event),
    origin_connection_id: Schema.optionalKey(Schema.String)
  }),
  Schema.TaggedStruct("SessionPosition", {
    session_id: Schema.String,
    seq: Schema.Int,
    is_over: Schema.Boolean
  }),
  Schema.TaggedStruct("OfferChanged", {
    session_id: Schema.String,
    ending: Schema.NullOr(Schema.Literals(offerEndings)),
    winner_at: Schema.NullOr(Schema.Int),
    // Absent in what a runner sends that still has the version before: it is read.
    offer: Schema.NullOr(OfferedRequest).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null)))
  }),
  Schema.TaggedStruct("Typing", {
    session_id: Schema.String,
    side: Schema.Literals(sides),
    until: Schema.Int
  }),
  Schema.TaggedStruct("MitraStatusChanged", {
    is_online: Schema.Boolean,
    cause: Schema.Literals(offlineCauses)
  }),
  Schema.TaggedStruct("Revoked", { auth_session_id: Schema.NullOr(Schema.String) }),
  Schema.TaggedStruct("SignedIn", { auth_session_id: Schema.String, at: Schema.Int }),
  Schema.TaggedStruct("DeviceMoved", { at: Schema.Int }),
  Schema.TaggedStruct("SettingsChanged", {}),
  Schema.TaggedStruct("Resync", {})
])

const Envelope = Schema.fromJsonString(Schema.Struct({
  v: Schema.Literal(version),
  runner: Schema.String,
  number: Schema.Int,
  missed: Schema.Boolean,
  leaving: Schema.Boolean,
  messages: Schema.Array(
    Schema.Struct({ topic: Schema.String, event: Schema.Unknown, trace: Schema.optionalKey(Schema.String) })
  )
}))

const decodeEnvelope = Schema.decodeUnknownOption(Envelope)
const decodeEvent = Schema.decodeUnknownOption(Sent)

/** What all payloads of a runner begin with. */
const beginning = (runner: string): string => `{"v":${version},"runner":${JSON.stringify(runner)},`

/** Ours in the narrow sense: this runner's, coming back to it. Nothing else of the payload is looked at. */
export const isFrom = (runner: string, payload: string): boolean => payload.startsWith(beginning(runner))

/** Null when the payload is not ours or garbled. An event we do not know becomes its topic's Resync. */
export const decode = (payload: string): Notification | null => {
  const envelope = Option.getOrNull(decodeEnvelope(payload))
  if (envelope === null) return null
  return {
    runner: envelope.runner,
    number: envelope.number,
    missed: envelope.missed,
    leaving: envelope.leaving,
    messages: envelope.messages.map(({ event, topic, trace }): BusMessage => ({
      topic: topic as Topic,
      event: Option.getOrElse(decodeEvent(event), (): BusEvent => ({ _tag: "Resync" })),
      ...(trace === undefined ? {} : { trace })
    }))
  }
}

const bytesOf = (text: string): number => Buffer.byteLength(text)

const shortened = (event: BusEvent): BusEvent => {
  if (event._tag === "OfferChanged" && event.offer !== null) return { ...event, offer: null }
  // Without a sequence there is nothing to look up: the subscriber has to compare everything.
  return event._tag === "SessionEvent" && event.seq !== null ? { ...event, event: null } : { _tag: "Resync" }
}

/** The message as JSON within `limit` bytes: if need be without what can be read from Postgres. */
const fitted = (message: BusMessage, limit: number): string => {
  const whole = JSON.stringify(message)
  if (bytesOf(whole) <= limit) return whole
  const { event, topic } = message
  return JSON.stringify({ topic, event: shortened(event) })
}

/**
 * The payloads that carry these messages, in order, as few as they fit in; at least one, so that a
 * flag (or a mere sign of life) goes out without messages. Flags are on the first payload.
 */
export const encode = (
  sender: Sender,
  messages: ReadonlyArray<BusMessage>,
  flags: { readonly missed: boolean; readonly leaving: boolean }
): ReadonlyArray<string> => {
  const payloads: Array<string> = []
  let parts: Array<string> = []
  let bytes = 0
  const head = (number: number) => {
    const isFirst = payloads.length === 0
    return `${beginning(sender.runner)}"number":${number},"missed":${flags.missed && isFirst},` +
      `"leaving":${flags.leaving && isFirst},"messages":[`
  }
  // Every number that is taken is sent: one that is not would look like a loss.
  const limit = payloadLimit - bytesOf(head(Number.MAX_SAFE_INTEGER)) - 20
  const close = () => {
    payloads.push(`${head(sender.nextNumber())}${parts.join(",")}]}`)
    parts = []
    bytes = 0
  }
  for (const message of messages) {
    const part = fitted(message, limit)
    const partBytes = bytesOf(part)
    if (parts.length > 0 && bytes + partBytes > limit) close()
    parts.push(part)
    bytes += partBytes + 1
  }
  if (parts.length > 0 || payloads.length === 0) close()
  return payloads
}
