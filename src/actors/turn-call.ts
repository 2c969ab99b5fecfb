// What every call to an actor carries besides its command, and a call by the server itself.
import * as Schema from "effect/Schema"

/** The staff member behind a call, and the peer address it came from. */
export const StaffOrigin = Schema.Struct({
  staff_id: Schema.String,
  peer: Schema.String,
  /** Proves it to the runner that owns the actor; a runner of the version before sends none. */
  token: Schema.optionalKey(Schema.String)
})
export type StaffOrigin = typeof StaffOrigin.Type

/** Beside its `command`, in every call to an actor. */
export const callFields = {
  /** Who sends: `customer:<id>`, `mitra:<id>`, `staff:<id>` or `system`. Scopes the command id. */
  sender_id: Schema.String,
  /** The client's id for this action; null for commands that are harmless to repeat. */
  command_id: Schema.NullOr(Schema.String),
  /** Set when staff acts: the turn then writes an audit entry. */
  staff: Schema.NullOr(StaffOrigin),
  /** The connection it came in on, when the answer tells that phone all there is to tell. */
  connection: Schema.optionalKey(Schema.String),
  /** The caller's span as a traceparent, while somebody collects traces. */
  trace: Schema.optionalKey(Schema.String)
}

/** The same with its command, as the turn loop takes it. */
export type Call<Command> = Schema.Struct.Type<typeof callFields> & { readonly command: Command }

/** A call by the server itself. With an id it is one command, however often it is repeated. */
export const asSystem = <Command>(command: Command, command_id: string | null = null): Call<Command> => ({
  sender_id: "system",
  command_id,
  command,
  staff: null
})
