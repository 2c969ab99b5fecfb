// The one infrastructure failure a caller may see. Drivers' own errors never leave their adapter. A file of
// its own: every port names it, and it belongs to none of them.
import * as Schema from "effect/Schema"

/** Something we depend on did not answer. `retryable`: asking again with the same ids is safe and useful. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  /** What was unavailable, in one word an operator knows: postgres, valkey, actor, cluster, draining. */
  what: Schema.String,
  retryable: Schema.Boolean
}) {}
