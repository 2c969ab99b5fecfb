// CodeSender: brings a one-time code to a phone. Sending is slow and may fail; the code is already
// stored when it is called.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Unavailable } from "../platform/unavailable.ts"

export class CodeSender extends Context.Service<CodeSender, {
  /** `phone` is E.164. Fails when the provider did not take the code. */
  readonly send: (phone: string, code: string) => Effect.Effect<void, Unavailable>
}>()("halobestie/services/CodeSender") {}
