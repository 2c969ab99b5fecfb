// The tables of what was said and what happened in a session. A private text is in one of two columns:
// readable, or sealed.
import * as Schema from "effect/Schema"
import { sides } from "../../domain/session/state.ts"
import { bigint, instant, json, oneOf, once, orNull, table, text, uuid } from "../platform/postgres/table.ts"

export const messages = table("messages", ["session_id", "seq"], {
  session_id: once(uuid),
  seq: once(bigint),
  message_id: once(uuid),
  client_message_id: once(text),
  side: once(oneOf(sides)),
  sender_id: once(uuid),
  body: once(orNull(text)),
  body_sealed: once(orNull(text)),
  sent_at: once(instant)
})

/** Events are our own words, written whole by the journal: they are read back as they are. */
export const sessionEvents = table("session_events", ["session_id", "seq"], {
  session_id: once(uuid),
  seq: once(bigint),
  type: once(text),
  event: once(json(Schema.Unknown)),
  text_sealed: once(orNull(text)),
  at: once(instant)
})
