// Checkout over Xendit's hosted invoices: external_id is our payment's id. Each attempt has a time limit;
// when it is not known whether an invoice was made, the books are read before another one is.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import { rupiahOf } from "../../domain/payment.ts"
import { Checkout, type CheckoutOrder, type InvoiceStatus } from "../../services/payments/checkout.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export interface XenditOptions {
  readonly base_url: string
  readonly secret_key: Redacted.Redacted
  readonly success_redirect_url: string
  readonly failure_redirect_url: string
  readonly timings?: XenditTimings
}

export interface XenditTimings {
  /** Two attempts to make an invoice, and reading the books between them, stay below what a caller waits. */
  readonly attempt_max_ms: number
  readonly retry_after_ms: number
  readonly failures_before_open: number
  readonly open_ms: number
}

const usual: XenditTimings = {
  attempt_max_ms: 4000,
  retry_after_ms: 250,
  failures_before_open: 5,
  open_ms: 30_000
}

/** unknown: it may have been done. rejected: they understood, and said no. open: the breaker did not ask. */
class CallFailed extends Schema.TaggedError<CallFailed>()("CallFailed", {
  kind: Schema.Literals(["unknown", "rejected", "open"]),
  detail: Schema.String
}) {}

const Invoice = Schema.Struct({
  id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
  external_id: Schema.String,
  status: Schema.String,
  amount: Schema.Finite,
  paid_amount: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  currency: Schema.optionalKey(Schema.NullOr(Schema.String)),
  invoice_url: Schema.String.check(Schema.isPattern(/^https?:\/\/\S{1,1900}$/))
})
type Invoice = typeof Invoice.Type
const Invoices = Schema.Array(Invoice)

const unknown = (detail: string) => new CallFailed({ kind: "unknown", detail })

const isTheirFault = (status: number): boolean => status >= 500 || status === 429 || status === 408

const read = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) =>
  Effect.fnUntraced(function*(response: HttpClientResponse.HttpClientResponse) {
    const { status } = response
    if (isTheirFault(status)) return yield* unknown(`status ${status}`)
    if (status < 200 || status > 299) {
      return yield* new CallFailed({ kind: "rejected", detail: `status ${status}` })
    }
    return yield* response.json.pipe(
      Effect.flatMap(Schema.decodeUnknownEffect(schema)),
      Effect.mapError(() => unknown("an answer that is not theirs"))
    )
  })

const saidNo = (exit: Exit.Exit<unknown, CallFailed>): boolean =>
  Exit.isFailure(exit) &&
  exit.cause.reasons.some((reason) => reason._tag === "Fail" && reason.error.kind === "rejected")

const saidSlower = (exit: Exit.Exit<unknown, CallFailed>): boolean =>
  Exit.isFailure(exit) &&
  exit.cause.reasons.some((reason) => reason._tag === "Fail" && reason.error.detail === "status 429")

const makeCalls = Effect.fnUntraced(function*(options: XenditOptions) {
  const timings = options.timings ?? usual
  const base = options.base_url.replace(/\/+$/, "")
  const client = yield* HttpClient.HttpClient
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(timings.failures_before_open),
    openDuration: timings.open_ms
  })
  // A "no" to one payment says nothing about their side, nor does "slower": others may be next.
  const classify = (exit: Exit.Exit<unknown, CallFailed>) =>
    Exit.isSuccess(exit) || saidNo(exit) || saidSlower(exit)
      ? CircuitBreaker.success
      : CircuitBreaker.failure()

  const call = <S extends Schema.ConstraintDecoder<unknown>>(
    key: "make" | "read",
    request: HttpClientRequest.HttpClientRequest,
    answer: S
  ): Effect.Effect<S["Type"], CallFailed> =>
    // Their service lives in real time, breaker and all.
    RealTime.onRealTime(
      client.execute(
        request.pipe(HttpClientRequest.basicAuth(options.secret_key, ""), HttpClientRequest.acceptJson)
      ).pipe(
        Effect.catchTag("HttpClientError", (error) => Effect.fail(unknown(error.reason._tag))),
        Effect.flatMap(read(answer)),
        RealTime.timeoutOrElse({
          duration: timings.attempt_max_ms,
          orElse: () => Effect.fail(unknown("no answer in time"))
        }),
        breaker.execute({ key, classify }),
        Effect.catchTag(
          "CircuitBreakerError",
          () => Effect.fail(new CallFailed({ kind: "open", detail: "its breaker is open" }))
        ),
        Effect.tapError((error) =>
          Effect.logWarning("Xendit did not do what it was asked for").pipe(
            Effect.annotateLogs({ call: key, kind: error.kind, detail: error.detail })
          )
        )
      )
    )

  const make = (order: CheckoutOrder) =>
    call(
      "make",
      HttpClientRequest.post(`${base}/v2/invoices`).pipe(HttpClientRequest.bodyJsonUnsafe({
        external_id: order.payment_id,
        amount: order.amount_idr,
        currency: "IDR",
        description: order.description,
        invoice_duration: order.lifetime_seconds,
        success_redirect_url: options.success_redirect_url,
        failure_redirect_url: options.failure_redirect_url
      })),
      Invoice
    )
  const list = (paymentId: string) =>
    call(
      "read",
      HttpClientRequest.get(`${base}/v2/invoices`, { urlParams: { external_id: paymentId } }),
      Invoices
    ).pipe(Effect.map((invoices) => invoices.filter((one) => one.external_id === paymentId)))
  const expire = (invoice: Invoice) =>
    call(
      "make",
      HttpClientRequest.post(`${base}/invoices/${encodeURIComponent(invoice.id)}/expire!`),
      Invoice
    )
  return { make, list, expire, retry_after_ms: timings.retry_after_ms }
})

const isPaid = ({ status }: Invoice): boolean => status === "PAID" || status === "SETTLED"

/** One payment may have two invoices there, when the answer about the first was lost. */
const invoiceStatusOf = (invoices: ReadonlyArray<Invoice>): InvoiceStatus => {
  const best = invoices.find(isPaid)
  if (best !== undefined) {
    const amount_idr = rupiahOf(best.paid_amount ?? best.amount, best.currency)
    return { _tag: "Paid", amount_idr, provider_ref: best.id }
  }
  return invoices.some((one) => one.status === "PENDING") ? { _tag: "Open" } : { _tag: "Over" }
}

export const layer = (options: XenditOptions) =>
  Layer.effect(Checkout)(Effect.gen(function*() {
    const { expire, list, make, retry_after_ms } = yield* makeCalls(options)
    const unavailable = new Unavailable({ what: "xendit", retryable: true })
    const orUnavailable = <A>(effect: Effect.Effect<A, CallFailed>) =>
      Effect.mapError(effect, () => unavailable)

    /** Made already, with the answer lost on its way? Else once more. */
    const findOrMake = Effect.fnUntraced(function*(order: CheckoutOrder) {
      yield* RealTime.onRealTime(Effect.sleep(retry_after_ms))
      const made = (yield* list(order.payment_id)).find((one) =>
        one.status === "PENDING" && one.amount === order.amount_idr
      )
      return made ?? (yield* make(order))
    })

    const open = (order: CheckoutOrder) =>
      make(order).pipe(
        Effect.catchIf((error) => error.kind === "unknown", () => findOrMake(order)),
        Effect.map((invoice) => invoice.invoice_url),
        orUnavailable
      )

    const close = Effect.fnUntraced(function*(paymentId: string) {
      const invoices = yield* list(paymentId)
      const after = yield* Effect.forEach(
        invoices,
        (one) => one.status === "PENDING" ? expire(one) : Effect.succeed(one)
      )
      return invoiceStatusOf(after)
    })

    return Checkout.of({
      provider: "xendit",
      open,
      check: (paymentId) => orUnavailable(Effect.map(list(paymentId), (found) => invoiceStatusOf(found))),
      close: (paymentId) => orUnavailable(close(paymentId))
    })
  })).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
