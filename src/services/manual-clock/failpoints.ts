// Failpoints: named lines of the code at which a test stops the process, or holds it, to see what a
// restart makes of it. Outside of tests there is no gate, and passing one costs one comparison.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Unavailable } from "../platform/unavailable.ts"

/**
 * The lines of every turn, passed once per event as `line:Event`.
 * before_commit: decided, nothing is written. in_commit: written, the COMMIT is not sent (Postgres; without
 * the events that have no number). after_commit: it has happened, and only the database knows.
 * after_publish: the phones are being told, the caller has no answer.
 */
export type TurnLine = "before_commit" | "in_commit" | "after_commit" | "after_publish"

/** The lines of what is no turn. */
export type Step =
  /** The provider has made its page, the order for the payment is not written. */
  | "checkout_opened"
  /** An order for a payment is written, its customer not answered. */
  | "payment_created"
  /** A payment is given up, its page is open, its customer not answered. */
  | "payment_abandoned"
  /** The provider has called, nothing is kept. */
  | "webhook_received"
  /** The call is kept as it came, nothing is concluded from it. */
  | "webhook_logged"
  /** The money is confirmed, no request is open. */
  | "payment_confirmed"
  /** The request is open, its search has not begun. */
  | "request_opened"
  /** Its session refused a paid extension, the failure is not recorded. */
  | "extension_refused"
  /** All is done, the provider not answered. */
  | "webhook_settled"
  /** This runner stops, and no phone knows it yet. */
  | "drain_began"
  /** The phones are gone, the actors still here. */
  | "phones_sent_away"

export type FaultPoint = `${TurnLine}:${string}` | Step

export interface Failpoint {
  /** It may fail as the next call of a store would, where one follows or came before. */
  readonly pass: (point: FaultPoint) => Effect.Effect<void, Unavailable>
}

/** null: there are none. */
export const Failpoints = Context.Reference<Failpoint | null>("halobestie/services/Failpoints", {
  defaultValue: () => null
})

export const passFailpoint = (
  gate: Failpoint | null,
  line: TurnLine,
  events: ReadonlyArray<{ readonly _tag: string }>
): Effect.Effect<void, Unavailable> =>
  gate === null
    ? Effect.void
    : Effect.forEach(events, ({ _tag }) => gate.pass(`${line}:${_tag}`), { discard: true })

export const passStep = (step: Step): Effect.Effect<void, Unavailable> =>
  Effect.flatMap(Failpoints, (gate) => gate === null ? Effect.void : gate.pass(step))
