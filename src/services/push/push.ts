// Push: hands one notification for one phone to the provider. Never fails: a failure is an answer, because
// it decides what happens to the row, the token, or the whole worker.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export interface PushMessage {
  readonly token: string
  readonly platform: "android" | "ios"
  readonly title: string
  readonly body: string
  /** For the app: which screen to open, and until when it makes sense. */
  readonly data: Readonly<Record<string, string>>
  /** The provider forgets it after this time, and at this instant (epoch ms). */
  readonly ttl_ms: number
  readonly expires_at: number
  readonly collapse_id: string
}

export type PushHoldReason = "rate_limited" | "provider_failing"

export type PushResult =
  | { readonly _tag: "Sent" }
  /** This token will never work again. */
  | { readonly _tag: "TokenInvalid" }
  /** Nothing was sent, and nothing else should be for a while either. */
  | { readonly _tag: "Hold"; readonly reason: PushHoldReason; readonly retry_after_ms: number }
  /** Failed, or its outcome is unknown; it may work later. */
  | { readonly _tag: "Failed"; readonly code: string }
  /** Will never work like this. */
  | { readonly _tag: "Rejected"; readonly code: string }

export class Push extends Context.Service<Push, {
  /** "none": nothing can be sent, and nothing is tried. */
  readonly provider: "firebase" | "log" | "memory" | "none"
  readonly send: (message: PushMessage) => Effect.Effect<PushResult>
}>()("halobestie/services/Push") {}
