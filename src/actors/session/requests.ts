// Requests: turns a confirmed payment into a searching session, once, and a confirmed extension into
// its session's command, once. Used by the webhook and, for whatever a crash left behind, by the
// payments sweep; a customer whose request found no bestie may ask again.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { SecureRandom } from "effect/crypto"
import { deadlineOf } from "../../domain/session/deadline.ts"
import { type NewRequest, openRequest } from "../../domain/session/open.ts"
import { passStep } from "../../services/manual-clock/failpoints.ts"
import type { AuditEntry } from "../../domain/audit.ts"
import { count } from "../../services/operations/figures.ts"
import { Accounts } from "../../services/accounts/accounts.ts"
import { type Payment, Payments } from "../../services/payments/payments.ts"
import { type Opened, Sessions } from "../../services/sessions/sessions.ts"
import { Settings } from "../../services/settings/settings.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { type ConfirmationOutcome, makeConfirmPaid, type PaidNotice } from "./confirmation.ts"
import { OpenedHere } from "./opened-here.ts"
import { SessionActors } from "./protocol.ts"
import { asSystem } from "../turn-call.ts"

type RequestShape = Pick<NewRequest, "kind" | "target_mitra_id" | "language" | "opened_by">

/** Once more on the same payment: by which command, and for which language. */
export type AnotherTry = Pick<NewRequest, "language"> & { readonly command_id: string }

export type RequestOutcome =
  /** The payment's session, or for an extension the session that it was handed to. */
  | { readonly _tag: "Open"; readonly session_id: string }
  /** The customer has another live session: the failure is recorded for staff, the payment stays. */
  | { readonly _tag: "Blocked"; readonly by: string }
  /** The payment can lead nowhere: its failure is recorded for staff. */
  | { readonly _tag: "Failed"; readonly cause: string }

export class Requests extends Context.Service<Requests, {
  /** Opens the payment's session, or finds it, and starts its search. Safe to repeat. */
  readonly openFor: (payment: Payment) => Effect.Effect<RequestOutcome, Unavailable>
  /**
   * Opens a new blast on a payment whose request found no bestie, once per command id. By staff with an audit
   * entry, which is written with the session or not at all.
   */
  readonly openAgain: (
    payment: Payment,
    again: AnotherTry,
    audit?: AuditEntry
  ) => Effect.Effect<Opened, Unavailable>
  /**
   * The provider says that a payment was paid. Safe to hear any number of times, in any order; quicker where
   * the payment was read a moment ago (`seen`).
   */
  readonly confirmPaid: (
    word: PaidNotice,
    seen?: Payment | null
  ) => Effect.Effect<ConfirmationOutcome, Unavailable>
}>()("halobestie/actors/Requests") {}

export const layer = Layer.effect(Requests)(
  Effect.gen(function*() {
    const sessions = yield* Sessions
    const accounts = yield* Accounts
    const payments = yield* Payments
    const settings = yield* Settings
    const actors = yield* SessionActors
    const random = yield* SecureRandom.SecureRandom
    const openedHere = yield* OpenedHere

    // The row is due at once, so even if this hint is lost the deadline sweep starts the search.
    const startSearch = (sessionId: string) =>
      actors.run(sessionId, asSystem({ _tag: "Tick" })).pipe(
        Effect.catch((error) => Effect.logWarning("search not started yet", error))
      )

    /** Null also when she cannot be read now: then the actor claims and reads its session as ever. */
    const knownCustomer = (id: string) => Effect.catch(accounts.findCustomer(id), () => Effect.succeed(null))

    const open = Effect.fnUntraced(function*(payment: Payment, request: RequestShape, audit?: AuditEntry) {
      const now = yield* Clock.currentTimeMillis
      const values = yield* settings.current
      const state = openRequest(
        {
          id: yield* random.uuidV7(),
          customer_id: payment.customer_id,
          // No column of the session's: read beside the writing, for the actor.
          customer_name: "",
          payment_id: payment.id,
          amount_idr: payment.amount_idr,
          mode: payment.mode,
          topic: payment.topic,
          purchased_ms: payment.duration_seconds * 1000,
          ...request
        },
        values,
        now
      )
      const owner = openedHere.ownerOf(state.id)
      const [opened, customer] = yield* Effect.all([
        sessions.open(state, deadlineOf(state) ?? now, { ...(audit === undefined ? {} : { audit }), owner }),
        owner === null ? Effect.succeed(null) : knownCustomer(payment.customer_id)
      ], { concurrency: 2 })
      // Staff's try that is refused is their answer, not another failure of the payment.
      if (opened._tag === "AlreadyActive" && audit === undefined) {
        yield* payments.recordFailure(payment.id, "ALREADY_ACTIVE", now)
      }
      if (opened._tag === "Opened") {
        count("session_events_total", ["RequestOpened"])
        yield* Effect.logInfo("session request opened").pipe(
          Effect.annotateLogs({ session_id: opened.session_id, payment_id: payment.id, kind: state.kind })
        )
        yield* passStep("request_opened")
      }
      if (opened._tag === "Opened" || opened._tag === "Exists") {
        const waking = startSearch(opened.session_id)
        yield* opened._tag === "Opened" && customer !== null
          ? openedHere.handOver({ ...state, customer_name: customer.call_name }, waking)
          : waking
      }
      return opened
    })

    /** The payment's id is the command's: the webhook, the sweep and their repeats are one request. */
    const extend = Effect.fnUntraced(function*(payment: Payment, sessionId: string) {
      const asked = yield* Effect.result(actors.run(
        sessionId,
        asSystem({
          _tag: "RequestExtension",
          payment_id: payment.id,
          amount_idr: payment.amount_idr,
          purchased_ms: payment.duration_seconds * 1000
        }, payment.id)
      ))
      if (Result.isSuccess(asked)) return { _tag: "Open", session_id: sessionId } as const
      const error = asked.failure
      if (error._tag === "Unavailable") return yield* Effect.fail(error)
      const now = yield* Clock.currentTimeMillis
      if (error.code === "EXTENSION_PENDING") {
        // Two were paid at once: the second one's turn comes with the sweep.
        yield* payments.recordFailure(payment.id, error.code, now)
        return { _tag: "Blocked", by: sessionId } as const
      }
      yield* passStep("extension_refused")
      yield* payments.fail(payment.id, error.code, now)
      yield* Effect.logInfo("payment failed").pipe(
        Effect.annotateLogs({ payment_id: payment.id, session_id: sessionId, cause: error.code })
      )
      return { _tag: "Failed", cause: error.code } as const
    })

    const openFor = Effect.fn("Requests.openFor")(function*(payment: Payment) {
      if (payment.extends_session_id !== null) return yield* extend(payment, payment.extends_session_id)
      const { kind, language, target_mitra_id } = payment
      const opened = yield* open(payment, { kind, language, target_mitra_id })
      switch (opened._tag) {
        case "AlreadyActive":
          return { _tag: "Blocked", by: opened.session_id } as const
        case "NotPaid":
          // Given up by its customer a moment ago: that is recorded already.
          return { _tag: "Failed", cause: "NOT_PAID" } as const
        default:
          return { _tag: "Open", session_id: opened.session_id } as const
      }
    })

    const openAgain = Effect.fn("Requests.openAgain")(
      function*(payment: Payment, { command_id, language }: AnotherTry, audit?: AuditEntry) {
        const request = { kind: "blast", target_mitra_id: null, language, opened_by: command_id } as const
        return yield* open(payment, request, audit)
      }
    )

    return Requests.of({ openFor, openAgain, confirmPaid: yield* makeConfirmPaid(openFor) })
  })
)
