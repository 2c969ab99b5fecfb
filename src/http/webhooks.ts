// The built-in payment provider's webhook: the one word that makes a payment confirmed. Every call is
// stored before anything is concluded from it; repeats, strangers and any order are harmless.
import { createHash, timingSafeEqual } from "node:crypto"
import * as ByteSize from "effect/ByteSize"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SecureRandom } from "effect/crypto"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Id, shortText } from "../contract/fields.ts"
import { Requests } from "../actors/session/requests.ts"
import { type Confirmation, Payments } from "../services/payments.ts"
import { Sessions } from "../services/sessions.ts"
import { Unavailable } from "../services/unavailable.ts"
import { sessionOfPayment } from "./handlers/payment-orders.ts"

export const webhookPath = "/api/webhooks/payments/builtin"
const bodyMaxBytes = 64 * 1024
const patience = "25 seconds"

const Notice = Schema.Struct({
  external_id: Schema.String,
  status: Schema.String,
  amount: Schema.Int,
  id: shortText(200)
})
type Notice = typeof Notice.Type

type Outcome = "accepted" | "ignored" | "amount_mismatch"

const answer = (status: number, body: object, headers: Record<string, string> = {}) =>
  HttpServerResponse.jsonUnsafe(body, { status, headers })

const problem = (status: number, code: string, message: string, headers?: Record<string, string>) =>
  answer(status, { error: { code, message } }, headers)

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Compares in constant time with each of the comma separated tokens, so that one can be rotated. */
const tokenCheck = (tokens: Redacted.Redacted) => {
  const accepted = Redacted.value(tokens).split(",").map((token) => token.trim())
    .filter((token) => token.length > 0).map(digest)
  return (given: string): boolean => {
    const hash = digest(given)
    return accepted.map((token) => timingSafeEqual(token, hash)).includes(true)
  }
}

const secretHeaders = new Set(["x-callback-token", "authorization", "cookie"])

const keepCall = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest, body: string) {
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    secretHeaders.has(name) ? "[redacted]" : value
  ])
  yield* (yield* Payments).logWebhook({
    id: yield* (yield* SecureRandom.SecureRandom).uuidV7(),
    provider: "builtin",
    headers: JSON.stringify(Object.fromEntries(headers)),
    body,
    at: yield* Clock.currentTimeMillis
  })
})

/** A repeat opens a session only where a crash left none: never a second search nobody asked for. */
const openSession = Effect.fnUntraced(
  function*(confirmation: Extract<Confirmation, { readonly payment: unknown }>) {
    const { payment } = confirmation
    if (payment.status !== "confirmed") return
    const isRepeat = confirmation._tag === "AlreadyConfirmed" && payment.product === "chat_session"
    if (isRepeat && (yield* sessionOfPayment(payment)) !== null) return
    const opened = yield* (yield* Requests).openFor(payment)
    if (opened._tag === "Blocked") {
      yield* Effect.logWarning("a payment was confirmed while its customer has another session", {
        payment_id: payment.id,
        session_id: opened.by
      })
    }
    if (opened._tag === "Failed") {
      yield* Effect.logWarning("a payment was confirmed that can lead nowhere", {
        payment_id: payment.id,
        cause: opened.cause
      })
    }
  }
)

const settle = Effect.fnUntraced(function*(notice: Notice) {
  if (notice.status !== "PAID" || !Schema.is(Id)(notice.external_id)) return "ignored"
  const payments = yield* Payments
  const payment_id = notice.external_id
  const confirmation = yield* payments.confirm({
    payment_id,
    amount_idr: notice.amount,
    provider_ref: notice.id,
    now: yield* Clock.currentTimeMillis
  })
  switch (confirmation._tag) {
    case "UnknownPayment":
      return "ignored"
    case "AmountMismatch":
      // The payment stays as it was; the stored call and this line are what staff look into.
      yield* Effect.logError("the provider reported another amount than was asked for", {
        payment_id,
        expected: confirmation.expected_idr,
        given: notice.amount
      })
      return "amount_mismatch"
    case "Confirmed":
    case "AlreadyConfirmed":
      yield* openSession(confirmation)
      return "accepted"
  }
}) satisfies (notice: Notice) => Effect.Effect<Outcome, Unavailable, Payments | Requests | Sessions>

const receive = (isAccepted: (token: string) => boolean) =>
  Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
    const body = yield* Effect.option(request.text)
    if (body._tag === "None") {
      return problem(413, "BODY_UNREADABLE", `The body must be text of at most ${bodyMaxBytes} bytes.`)
    }
    yield* keepCall(request, body.value)
    if (!isAccepted(request.headers["x-callback-token"] ?? "")) {
      return problem(401, "TOKEN_INVALID", "The header x-callback-token is missing or wrong.")
    }
    const notice = yield* Effect.result(Schema.decodeUnknownEffect(Schema.fromJsonString(Notice))(body.value))
    if (notice._tag === "Failure") {
      return problem(400, "BAD_REQUEST", `The body is not a payment notice: ${notice.failure.message}`)
    }
    return answer(200, { result: yield* settle(notice.success) })
  })

const comeBack = problem(503, "TRY_AGAIN", "Not possible right now. Please deliver this again.", {
  "retry-after": "5"
})
const broken = problem(500, "INTERNAL", "Something went wrong here. Please deliver this again.")

/** Adds the route. `tokens` is PAYMENT_WEBHOOK_TOKEN as it stands in the environment. */
export const layer = (options: { readonly tokens: Redacted.Redacted }) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const services = Context.pick(Payments, Requests, SecureRandom.SecureRandom, Sessions)(
      yield* Effect.context<Payments | Requests | SecureRandom.SecureRandom | Sessions>()
    )
    const handle = receive(tokenCheck(options.tokens))
    yield* router.add("POST", webhookPath, (request) =>
      handle(request).pipe(
        Effect.timeoutOrElse({
          duration: patience,
          orElse: () => Effect.fail(new Unavailable({ what: "webhook", retryable: true }))
        }),
        Effect.catchTag("Unavailable", (error) =>
          Effect.logWarning(`a payment webhook must come again: ${error.what} is unavailable`).pipe(
            Effect.as(comeBack)
          )),
        Effect.catchDefect((defect) =>
          Effect.logError("a payment webhook failed", defect).pipe(Effect.as(broken))
        ),
        Effect.provideService(HttpServerRequest.MaxBodySize, ByteSize.bytes(bodyMaxBytes)),
        Effect.provideContext(services)
      ))
  }))
