// The two errors any call may answer with: a refusal with a stable code, or "not available now".
import * as Schema from "effect/Schema"
import { Refusal } from "../domain/refusal.ts"

/** Nothing was decided, or it is not known: repeat with the same ids after `retry_after_ms`. */
export class TryAgain extends Schema.TaggedError<TryAgain>()("TryAgain", {
  message: Schema.String,
  retry_after_ms: Schema.Int
}) {}

export const CallError = Schema.Union([Refusal, TryAgain])
export type CallError = typeof CallError.Type
