// The shape every machine answers in. Events may stand beside a refusal: a late command still
// lets time that has already passed take effect (the clock ran out before the message came).
import type * as Result from "effect/Result"
import type { Refusal } from "./refusal.ts"

export interface Decision<Event, Reply> {
  readonly events: ReadonlyArray<Event>
  readonly reply: Result.Result<Reply, Refusal>
}
