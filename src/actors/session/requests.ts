// Requests: turns a confirmed payment into a searching session, once. Used by the webhook and, for
// whatever a crash left behind, by the payments sweep.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { deadlineOf } from "../../domain/session/deadline.ts"
import { openRequest } from "../../domain/session/open.ts"
import { Payments, type Payment } from "../../services/payments.ts"
import { People } from "../../services/people.ts"
import { Sessions } from "../../services/sessions.ts"
import { Settings } from "../../services/settings.ts"
import type { Unavailable } from "../../services/unavailable.ts"
import { SessionActors } from "./protocol.ts"

export type RequestOutcome =
  | { readonly _tag: "Open"; readonly session_id: string }
  /** The customer has another live session: the failure is recorded for staff, the payment stays. */
  | { readonly _tag: "Blocked"; readonly by: string }

export class Requests extends Context.Service<Requests, {
  /** Opens the payment's session, or finds it, and starts its search. Safe to repeat. */
  readonly openFor: (payment: Payment) => Effect.Effect<RequestOutcome, Unavailable>
}>()("halobestie/actors/Requests") {}

export const layer = Layer.effect(Requests)(
  Effect.gen(function*() {
    const sessions = yield* Sessions
    const people = yield* People
    const payments = yield* Payments
    const settings = yield* Settings
    const actors = yield* SessionActors
    const random = yield* SecureRandom.SecureRandom

    // The row is due at once, so even if this hint is lost the deadline sweep starts the search.
    const startSearch = (sessionId: string) =>
      actors.run(sessionId, {
        sender_id: "system",
        command_id: null,
        command: { _tag: "Tick" },
        staff: null
      }).pipe(Effect.catch((error) => Effect.logWarning("search not started yet", error)))

    const openFor = Effect.fn("Requests.openFor")(function*(payment: Payment) {
      const now = yield* Clock.currentTimeMillis
      const values = yield* settings.current
      const customer = yield* people.findCustomer(payment.customer_id)
      const state = openRequest(
        {
          id: yield* random.uuidV7(),
          customer_id: payment.customer_id,
          customer_name: customer?.call_name ?? "",
          payment_id: payment.id,
          amount_idr: payment.amount_idr,
          kind: payment.kind,
          target_mitra_id: payment.target_mitra_id,
          mode: payment.mode,
          topic: payment.topic,
          purchased_ms: payment.duration_seconds * 1000
        },
        values,
        now
      )
      const opened = yield* sessions.open(state, deadlineOf(state) ?? now)
      if (opened._tag === "AlreadyActive") {
        yield* payments.recordFailure(payment.id, "ALREADY_ACTIVE", now)
        return { _tag: "Blocked", by: opened.session_id } as const
      }
      const session_id = opened._tag === "Opened" ? state.id : opened.session_id
      yield* startSearch(session_id)
      return { _tag: "Open", session_id } as const
    })

    return Requests.of({ openFor })
  })
)
