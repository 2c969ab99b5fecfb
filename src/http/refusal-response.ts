// HTTP answers of both listeners in the wire's own words: refusals and "try again" as JSON, for paths
// that do not exist, bodies that are too large and routes that die.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { type Refusal, refuse } from "../domain/refusal.ts"
import { faultSentence, logFault } from "./fault-reference.ts"

type Headers = Readonly<Record<string, string>>

export const refusalResponse = (refusal: Refusal, status: number, headers: Headers = {}) =>
  HttpServerResponse.jsonUnsafe(
    { _tag: "Refusal", code: refusal.code, message: refusal.message, details: refusal.details },
    { status, headers }
  )

export const tryAgainResponse = (message: string, retryAfterMs: number, status = 503) =>
  HttpServerResponse.jsonUnsafe(
    { _tag: "TryAgain", message, retry_after_ms: retryAfterMs },
    { status, headers: { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) } }
  )

const requestErrorResponse = (reason: HttpServerError.HttpServerError["reason"]) => {
  if (reason._tag === "RouteNotFound") {
    return refusalResponse(refuse("NOT_FOUND", "There is nothing at this path."), 404)
  }
  if (reason._tag !== "RequestParseError") return null
  return reason.reason === "BodyTooLarge"
    ? refusalResponse(refuse("BAD_REQUEST", "The body is larger than this server reads."), 413)
    : refusalResponse(refuse("BAD_REQUEST", "The body could not be read."), 400)
}

const dead = Effect.fnUntraced(function*(cause: Cause.Cause<unknown>) {
  const reference = yield* logFault("an HTTP route died", cause)
  return tryAgainResponse(faultSentence(reference), 1_000, 500)
})

const respond = (cause: Cause.Cause<unknown>) => {
  const error = cause.reasons.find(Cause.isFailReason)?.error
  const response = HttpServerError.isHttpServerError(error) ? requestErrorResponse(error.reason) : null
  return response === null ? dead(cause) : Effect.succeed(response)
}

/** For a whole listener: whatever its routes fail with becomes one of the answers above. */
export const layerJsonErrors = HttpRouter.middleware(
  (route) =>
    Effect.catchCause(
      route,
      (cause) => Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : respond(cause)
    ),
  { global: true }
)
