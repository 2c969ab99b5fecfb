// The payment providers' webhooks: their word is what makes a payment confirmed. Every call of theirs is
// stored before anything is concluded from it; repeats, strangers and any order are harmless.
import { createHash, timingSafeEqual } from "node:crypto"
import * as ByteSize from "effect/ByteSize"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { SecureRandom } from "effect/crypto"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Requests } from "../../actors/session/requests.ts"
import type { PaymentProvider } from "../../domain/payment.ts"
import { Failpoints, passStep } from "../../services/manual-clock/failpoints.ts"
import { count } from "../../services/operations/figures.ts"
import { type Payment, Payments } from "../../services/payments/payments.ts"
import { Faults } from "../../services/manual-clock/faults.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { makeProxyWatch, remoteAddressOf, TrustedProxyHops } from "../remote-address.ts"
import { fewLines, maskedNetwork } from "../security-events.ts"
import { networkOf } from "./networks.ts"
import { type Notice, readNotice } from "./webhook-notices.ts"

export const webhookPath = "/api/webhooks/payments/builtin"
export const xenditPath = "/api/webhooks/payments/xendit"
const bodyMaxBytes = 64 * 1024
const patience = "25 seconds"

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

const keepCall = Effect.fnUntraced(function*(
  provider: PaymentProvider,
  request: HttpServerRequest.HttpServerRequest,
  body: string
) {
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    secretHeaders.has(name) ? "[redacted]" : value
  ])
  yield* (yield* Payments).logWebhook({
    id: yield* (yield* SecureRandom.SecureRandom).uuidV7(),
    provider,
    headers: JSON.stringify(Object.fromEntries(headers)),
    body,
    at: yield* Clock.currentTimeMillis
  })
})

/** A count, and a few lines: nobody who knows no token leaves a row. */
const remoteOf = (request: HttpServerRequest.HttpServerRequest) =>
  Effect.map(TrustedProxyHops, (hops) => networkOf(remoteAddressOf(request, hops)))

const tellStranger = Effect.fnUntraced(function*(provider: PaymentProvider, network: string) {
  count("webhook_wrong_tokens_total", [provider])
  const line = Effect.logWarning("a payment webhook came without the token").pipe(
    Effect.annotateLogs({ provider, address: maskedNetwork(network) })
  )
  yield* fewLines("webhook_wrong_tokens", network, line)
})

/** Only a paid notice says anything: what runs out does so by our own clock and the provider's books. */
const settle = (notice: Notice, seen: Payment | null) =>
  notice.is_paid
    ? Effect.flatMap(Requests, (requests) => requests.confirmPaid(notice, seen))
    : Effect.succeed("ignored" as const)

/** Read while the call is stored, and nothing more: null where it cannot be, and is read again later. */
const lookAhead = (notice: Result.Result<Notice, unknown>) =>
  Result.isSuccess(notice) && notice.success.is_paid
    ? Effect.catch(
      Effect.flatMap(Payments, (payments) => payments.find(notice.success.payment_id)),
      () => Effect.succeed(null)
    )
    : Effect.succeed(null)

const receive = (provider: PaymentProvider, isAccepted: (token: string) => boolean) =>
  Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
    // First of all: what a stranger sends is not even read.
    if (!isAccepted(request.headers["x-callback-token"] ?? "")) {
      yield* tellStranger(provider, yield* remoteOf(request))
      return problem(401, "TOKEN_INVALID", "The header x-callback-token is missing or wrong.")
    }
    const body = yield* Effect.option(request.text)
    if (body._tag === "None") {
      const reason = `The body must be text of at most ${bodyMaxBytes} bytes.`
      yield* keepCall(provider, request, `[not kept] ${reason}`)
      return problem(413, "BODY_UNREADABLE", reason)
    }
    yield* passStep("webhook_received")
    const notice = yield* Effect.result(readNotice[provider](body.value))
    const [, seen] = yield* Effect.all(
      [keepCall(provider, request, body.value), lookAhead(notice)],
      { concurrency: 2 }
    )
    yield* passStep("webhook_logged")
    if (notice._tag === "Failure") {
      return problem(400, "BAD_REQUEST", `The body is not a payment notice: ${notice.failure.message}`)
    }
    const result = yield* settle(notice.success, seen)
    yield* passStep("webhook_settled")
    return answer(200, { result })
  })

/** Comes twice at once when a tester asked for it; the first answer counts. */
const doubled = <A, E, R>(delivery: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Faults, (faults) =>
    faults?.doublesWebhook() === true
      ? Effect.map(Effect.all([delivery, delivery], { concurrency: 2 }), ([first]) => first)
      : delivery)

const comeBack = problem(503, "TRY_AGAIN", "Not possible right now. Please deliver this again.", {
  "retry-after": "5"
})
const broken = problem(500, "INTERNAL", "Something went wrong here. Please deliver this again.")

type Needs = Payments | Requests | SecureRandom.SecureRandom

const route = (path: HttpRouter.PathInput, provider: PaymentProvider, tokens: Redacted.Redacted) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const services = Context.pick(Failpoints, Payments, Requests, SecureRandom.SecureRandom)(
      yield* Effect.context<Needs>()
    )
    const handle = receive(provider, tokenCheck(tokens))
    // A provider's calls come through the same balancer as the phones do.
    const watchProxies = makeProxyWatch(yield* TrustedProxyHops)
    yield* router.add(
      "POST",
      path,
      (request) =>
        Effect.andThen(watchProxies(request), doubled(handle(request))).pipe(
          RealTime.timeoutOrElse({
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
          Effect.tap((response) =>
            Effect.sync(() =>
              count("webhooks_total", [provider, String(response.status)])
            )
          ),
          Effect.provideService(HttpServerRequest.MaxBodySize, ByteSize.bytes(bodyMaxBytes)),
          Effect.provideContext(services)
        )
    )
  }))

/** The built-in provider's. `tokens` is PAYMENT_WEBHOOK_TOKEN as it stands in the environment. */
export const layer = (options: { readonly tokens: Redacted.Redacted }) =>
  route(webhookPath, "builtin", options.tokens)

/** Xendit's. `tokens` is XENDIT_WEBHOOK_TOKEN as it stands in the environment. */
export const layerXendit = (options: { readonly tokens: Redacted.Redacted }) =>
  route(xenditPath, "xendit", options.tokens)
