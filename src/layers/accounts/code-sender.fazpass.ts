// CodeSender over Fazpass's HTTP API: WhatsApp first, SMS second. Each attempt has a time limit, what failed
// on their side is tried once more, and a channel that keeps failing is left out for a while by its breaker.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import { CodeSender } from "../../services/accounts/code-sender.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export interface FazpassOptions {
  readonly base_url: string
  readonly merchant: Redacted.Redacted
  /** Gateway keys, comma separated: WhatsApp's, then SMS's. With one there is no second channel. */
  readonly keys: Redacted.Redacted
  readonly timings?: FazpassTimings
}

export interface FazpassTimings {
  /** Two attempts on each of two channels stay below what a caller waits. */
  readonly attempt_max_ms: number
  readonly retry_after_ms: number
  readonly failures_before_open: number
  readonly open_ms: number
}

const usual: FazpassTimings = {
  attempt_max_ms: 3000,
  retry_after_ms: 250,
  failures_before_open: 5,
  open_ms: 30_000
}

/**
 * failing: their side is broken, asking again may help. late: no answer in time; the code may have been sent,
 * so the next channel is better than the same again. rejected: answered, and no.
 */
class NotSent extends Schema.TaggedError<NotSent>()("NotSent", {
  kind: Schema.Literals(["failing", "late", "rejected"]),
  detail: Schema.String
}) {}

const Answer = Schema.Struct({ status: Schema.Boolean })

const failing = (detail: string) => new NotSent({ kind: "failing", detail })
const rejected = (detail: string) => new NotSent({ kind: "rejected", detail })

const isTheirFault = (status: number): boolean => status >= 500 || status === 429

const outcomeOf = Effect.fnUntraced(function*(response: HttpClientResponse.HttpClientResponse) {
  const { status } = response
  if (isTheirFault(status)) return yield* failing(`status ${status}`)
  if (status < 200 || status > 299) return yield* rejected(`status ${status}`)
  const answer = yield* response.json.pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Answer)),
    Effect.mapError(() => failing("an answer that is not theirs"))
  )
  // They also say no with a 200.
  if (!answer.status) return yield* rejected("status false")
})

const requestTo = (options: FazpassOptions, key: string, phone: string, code: string) =>
  HttpClientRequest.post(`${options.base_url.replace(/\/+$/, "")}/v1/otp/send`).pipe(
    HttpClientRequest.bearerToken(options.merchant),
    HttpClientRequest.acceptJson,
    HttpClientRequest.bodyJsonUnsafe({ phone: phone.slice(1), gateway_key: key, otp: code })
  )

interface Channel {
  readonly name: string
  readonly key: string
}

const channelsOf = (keys: Redacted.Redacted): ReadonlyArray<Channel> =>
  Redacted.value(keys).split(",").map((key) => key.trim()).filter((key) => key !== "").slice(0, 2)
    .map((key, index) => ({ name: index === 0 ? "whatsapp" : "sms", key }))

const makeChannelSend = Effect.fnUntraced(function*(options: FazpassOptions) {
  const timings = options.timings ?? usual
  const client = yield* HttpClient.HttpClient
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(timings.failures_before_open),
    openDuration: timings.open_ms
  })
  const retryOnce = Schedule.jittered(Schedule.max([
    Schedule.spaced(timings.retry_after_ms),
    Schedule.recurs(1)
  ]))
  // A "no" to one phone says nothing about the channel; it answers.
  const classify = (exit: Exit.Exit<void, NotSent>) =>
    Exit.isSuccess(exit) || wasRejected(exit) ? CircuitBreaker.success : CircuitBreaker.failure()

  // Their service lives in real time, breaker and all.
  return (channel: Channel, phone: string, code: string) =>
    RealTime.onRealTime(
      client.execute(requestTo(options, channel.key, phone, code)).pipe(
        Effect.catchTag("HttpClientError", (error) => Effect.fail(failing(error.reason._tag))),
        Effect.flatMap(outcomeOf),
        RealTime.timeoutOrElse({
          duration: timings.attempt_max_ms,
          orElse: () => Effect.fail(new NotSent({ kind: "late", detail: "no answer in time" }))
        }),
        Effect.retry({ schedule: retryOnce, while: (error) => error.kind === "failing" }),
        breaker.execute({ key: channel.name, classify }),
        Effect.catchTag("CircuitBreakerError", () => Effect.fail(failing("its breaker is open"))),
        Effect.tapError((error) =>
          Effect.logWarning("a one-time code did not go out on this channel").pipe(
            Effect.annotateLogs({ channel: channel.name, kind: error.kind, detail: error.detail })
          )
        )
      )
    )
})

const wasRejected = (exit: Exit.Exit<void, NotSent>): boolean =>
  Exit.isFailure(exit) &&
  exit.cause.reasons.some((reason) => reason._tag === "Fail" && reason.error.kind === "rejected")

export const layer = (options: FazpassOptions) =>
  Layer.effect(CodeSender)(Effect.gen(function*() {
    const [first, second] = channelsOf(options.keys)
    if (first === undefined) return yield* Effect.die(new Error("FAZPASS_KEY needs at least one gateway key"))
    const sendOn = yield* makeChannelSend(options)
    const unavailable = new Unavailable({ what: "fazpass", retryable: true })
    return CodeSender.of({
      send: (phone, code) =>
        sendOn(first, phone, code).pipe(
          Effect.catchTag(
            "NotSent",
            (error) => second === undefined ? Effect.fail(error) : sendOn(second, phone, code)
          ),
          Effect.mapError(() => unavailable)
        )
    })
  })).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
