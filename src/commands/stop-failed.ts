// A stop that was not clean: the process ends with a code that says so.
import * as Schema from "effect/Schema"

export class StopFailed extends Schema.TaggedError<StopFailed>()("StopFailed", {
  message: Schema.String
}) {}
