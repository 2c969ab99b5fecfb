// Requests: turns a confirmed payment into a searching session, once. Used by the webhook and, for
// whatever a crash left behind, by the payments sweep.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Payment } from "../../services/payments.ts"
import type { Unavailable } from "../../services/unavailable.ts"

export class Requests extends Context.Service<Requests, {
  /** Opens the payment's session, or finds it, and starts its search. Safe to repeat. */
  readonly openFor: (
    payment: Payment
  ) => Effect.Effect<
    { readonly _tag: "Open"; readonly session_id: string } | { readonly _tag: "Blocked"; readonly by: string },
    Unavailable
  >
}>()("halobestie/actors/Requests") {}
