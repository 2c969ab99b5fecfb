// What every call to an actor carries besides its command.
import * as Schema from "effect/Schema"

/** The staff member behind a call, and the peer address it came from. */
export const StaffOrigin = Schema.Struct({ staff_id: Schema.String, peer: Schema.String })
export type StaffOrigin = typeof StaffOrigin.Type
