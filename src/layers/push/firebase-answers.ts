// What Firebase's errors mean to us. Judged by what the provider itself wrote, because the library calls
// every "not found" an unregistered token: a wrong project would then cost all people their devices.
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { PushResult } from "../../services/push/push.ts"

const Detail = Schema.Struct({
  errorCode: Schema.optionalKey(Schema.String),
  fieldViolations: Schema.optionalKey(Schema.Array(Schema.Struct({ field: Schema.String })))
})
const Answer = Schema.Struct({
  error: Schema.Struct({
    status: Schema.optionalKey(Schema.String),
    message: Schema.optionalKey(Schema.String),
    details: Schema.optionalKey(Schema.Array(Detail))
  })
})
const Failure = Schema.Struct({
  code: Schema.optionalKey(Schema.String),
  httpResponse: Schema.optionalKey(Schema.Struct({
    status: Schema.Int,
    headers: Schema.Record(Schema.String, Schema.Unknown),
    data: Schema.optionalKey(Schema.Unknown)
  }))
})
type Failure = typeof Failure.Type

const failureOf = Schema.decodeUnknownOption(Failure)
const answerOf = Schema.decodeUnknownOption(Answer)

/** As their documentation asks for when they name no time. */
const usualHoldMs = 60_000

/** Seconds, as Firebase sends it; a date is not understood and counts as none. */
const retryAfterMs = (failure: Failure): number | null => {
  const given = failure.httpResponse?.headers["retry-after"]
  return typeof given === "string" && /^\d{1,6}$/.test(given) ? Number(given) * 1000 : null
}

const namesToken = (message: string): boolean => /registration token/i.test(message)

const codeOf = (failure: Failure): string => {
  const answer = Option.getOrNull(answerOf(failure.httpResponse?.data))
  const own = answer?.error.details?.find(({ errorCode }) => errorCode !== undefined)?.errorCode
  return own ?? answer?.error.status ?? failure.code ?? "unknown"
}

const isAboutToken = (failure: Failure, code: string): boolean => {
  if (code === "UNREGISTERED") return true
  // Refused by the library itself, or by the provider: this text is no token at all.
  if (failure.code === "messaging/invalid-registration-token") return true
  const error = Option.getOrNull(answerOf(failure.httpResponse?.data))?.error
  return code === "INVALID_ARGUMENT" && (namesToken(error?.message ?? "") ||
    (error?.details ?? []).some(({ fieldViolations }) =>
      (fieldViolations ?? []).some(({ field }) => field === "message.token")
    ))
}

export const classify = (error: unknown): PushResult => {
  const failure = Option.getOrElse(failureOf(error), (): Failure => ({}))
  const code = codeOf(failure)
  const status = failure.httpResponse?.status ?? 0
  if (isAboutToken(failure, code)) return { _tag: "TokenInvalid" }
  const asked = retryAfterMs(failure)
  if (status === 429) return { _tag: "Hold", reason: "rate_limited", retry_after_ms: asked ?? usualHoldMs }
  if (status === 503 && asked !== null) {
    return { _tag: "Hold", reason: "provider_failing", retry_after_ms: asked }
  }
  // 401 is about our own key or the clock: the same for every push, and staff can mend it.
  const isFinal = status >= 400 && status < 500 && ![401, 408].includes(status)
  return { _tag: isFinal ? "Rejected" : "Failed", code }
}
