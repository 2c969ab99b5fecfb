// What happens to a frame between the socket and the RPC server: checked, counted, limited, and only then
// handed over. Refusals are answered here and cost no fiber.
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { tellRateLimited } from "../public/quotas.ts"
import { closeCodes } from "../../contract/close-codes.ts"
import { type Refusal, refuse } from "../../domain/refusal.ts"
import { type ClientMessage, parseFrame, type RequestId } from "./frames.ts"
import type { SocketLimits } from "./limits.ts"
import type { Call, LiveConnection } from "./live-connection.ts"
import { exitFrame, malformedFrame, pongFrame, refusedExit } from "./replies.ts"

type Request = Extract<ClientMessage, { readonly _tag: "Request" }>

/** The calls this listener offers, and the way to their handlers. */
export interface Dispatch {
  readonly limits: SocketLimits
  /** Chunks of one stream that may be on their way unacknowledged, however many the client offers. */
  readonly credit_max: number
  /** Null for a call that does not exist here. */
  readonly kindOf: (tag: string) => "call" | "stream" | null
  readonly handOver: (live: LiveConnection, message: ClientMessage) => Effect.Effect<void>
}

const answerRefused = (live: LiveConnection, id: RequestId, refusal: Refusal): Effect.Effect<void> =>
  Effect.sync(() => live.send(exitFrame(id, refusedExit(refusal))))

/** The same, counted and told: by a limit that no phone comes near. */
const answerLimited = (live: LiveConnection, id: RequestId, limit: string, refusal: Refusal) =>
  Effect.andThen(
    tellRateLimited(limit, live.principal?.user_id ?? live.remote_address),
    answerRefused(live, id, refusal)
  )

const close = (
  live: LiveConnection,
  code: (typeof closeCodes)[keyof typeof closeCodes]
): Effect.Effect<void> => Effect.sync(() => live.close(code))

const unknownMethod = (tag: string) =>
  refuse("UNKNOWN_METHOD", `There is no call named ${JSON.stringify(tag)}.`)

const rateLimited = (retryAfterMs: number, limits: SocketLimits) =>
  refuse(
    "RATE_LIMITED",
    `More than ${limits.requests_per_second} requests per second. Wait, then go on.`,
    { retry_after_ms: retryAfterMs }
  )

const inFlight = (whose: string, in_flight_max: number) =>
  refuse(
    "TOO_MANY_REQUESTS",
    `${in_flight_max} requests of ${whose} are still in flight. Wait for one of them.`,
    { in_flight_max }
  )

const tooManyOf = (live: LiveConnection, limits: SocketLimits): Refusal | null => {
  if (live.calls.size >= limits.in_flight_max) return inFlight("this connection", limits.in_flight_max)
  return live.in_flight_of_person >= limits.in_flight_per_person_max
    ? inFlight("yours on all your connections", limits.in_flight_per_person_max)
    : null
}

const onRequest = (live: LiveConnection, request: Request, dispatch: Dispatch): Effect.Effect<void> => {
  // Two answers with one id could not be told apart: nothing sensible can follow.
  if (live.calls.has(request.id)) return close(live, closeCodes.duplicateRequestId)
  const admission = live.bucket.take(live.now())
  if (admission._tag === "Flooding") return close(live, closeCodes.flooding)
  if (admission._tag === "Refused") {
    const refusal = rateLimited(admission.retry_after_ms, dispatch.limits)
    return answerLimited(live, request.id, "requests", refusal)
  }
  const tooMany = tooManyOf(live, dispatch.limits)
  if (tooMany !== null) return answerLimited(live, request.id, "in_flight", tooMany)
  const kind = dispatch.kindOf(request.tag)
  if (kind === null) return answerRefused(live, request.id, unknownMethod(request.tag))
  live.begin(request.id, {
    tag: request.tag,
    is_stream: kind === "stream",
    began_at: live.now(),
    is_overdue: false,
    fiber: null,
    payload: request.payload,
    interrupted_by_client: false,
    unacknowledged: 0,
    credit: 1,
    tells_credit: false,
    is_held: false
  })
  return dispatch.handOver(live, request)
}

/** Messages that ask for no work still cost a token; over the rate they are dropped. */
const whenAdmitted = (live: LiveConnection, then: Effect.Effect<void>): Effect.Effect<void> => {
  const admission = live.bucket.take(live.now())
  if (admission._tag === "Flooding") return close(live, closeCodes.flooding)
  return admission._tag === "Refused" ? Effect.void : then
}

const takeCredit = (call: Call, credit: number): void => {
  if (credit === call.credit) return
  call.credit = credit
  call.tells_credit = true
}

const onMessage = (live: LiveConnection, message: ClientMessage, dispatch: Dispatch): Effect.Effect<void> => {
  switch (message._tag) {
    case "Request":
      return onRequest(live, message, dispatch)
    case "Ack": {
      const call = live.calls.get(message.requestId)
      // One per chunk is part of the bargain and free; dropping it would stall the stream.
      if (call === undefined || call.unacknowledged === 0) return whenAdmitted(live, Effect.void)
      call.unacknowledged = Math.max(0, call.unacknowledged - message.chunks)
      if (message.credit !== null) takeCredit(call, Math.min(message.credit, dispatch.credit_max))
      if (!call.is_held || call.unacknowledged >= call.credit) return Effect.void
      call.is_held = false
      return dispatch.handOver(live, message)
    }
    case "Interrupt": {
      const call = live.calls.get(message.requestId)
      if (call === undefined || call.interrupted_by_client) return whenAdmitted(live, Effect.void)
      call.interrupted_by_client = true
      return dispatch.handOver(live, message)
    }
    case "Ping":
      return whenAdmitted(live, Effect.sync(() => live.send(pongFrame)))
    case "Eof":
      // "No more requests" changes nothing here: closing the socket is how a client leaves.
      return whenAdmitted(live, Effect.void)
  }
}

const onMalformed = (live: LiveConnection, problem: string, limits: SocketLimits): Effect.Effect<void> =>
  Effect.sync(() => {
    live.malformed_in_a_row += 1
    live.send(malformedFrame(problem))
    if (live.malformed_in_a_row >= limits.malformed_in_a_row_max) return live.close(closeCodes.malformed)
    if (live.bucket.take(live.now())._tag === "Flooding") live.close(closeCodes.flooding)
  })

export const onFrame = (
  live: LiveConnection,
  data: string | Uint8Array,
  dispatch: Dispatch
): Effect.Effect<void> => {
  const parsed = parseFrame(data, dispatch.limits)
  if (Result.isFailure(parsed)) return onMalformed(live, parsed.failure, dispatch.limits)
  live.malformed_in_a_row = 0
  const [first] = parsed.success
  if (first !== undefined && parsed.success.length === 1) return onMessage(live, first, dispatch)
  return Effect.forEach(
    parsed.success,
    // An earlier message of the same frame may have closed the connection.
    (message) => live.closing === null ? onMessage(live, message, dispatch) : Effect.void,
    { discard: true }
  )
}

const takeFrames = Effect.fnUntraced(
  function*(live: LiveConnection, frames: ReadonlyArray<string | Uint8Array>, dispatch: Dispatch) {
    for (const data of frames) {
      // While this waits nothing is pulled, and the platform stops reading the socket at 64 KiB.
      if (!live.reading.isOpen()) yield* live.reading.await
      if (live.closing === null) yield* onFrame(live, data, dispatch)
    }
  }
)

/** Reads until the socket is closed; fails with the socket's own error then. */
export const readFrames = <E>(
  live: LiveConnection,
  pull: Effect.Effect<ReadonlyArray<string | Uint8Array>, E>,
  dispatch: Dispatch
): Effect.Effect<never, E> =>
  Effect.forever(Effect.flatMap(pull, (frames) => takeFrames(live, frames, dispatch)))
