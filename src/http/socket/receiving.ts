// What happens to a frame between the socket and the RPC server: checked, counted, limited, and only then
// handed over. All of it is one step; refusals are answered in it.
import type * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { tellRateLimited } from "../security-events.ts"
import { type CloseCode, closeCodes } from "../../contract/close-codes.ts"
import { type Refusal, refuse } from "../../domain/refusal.ts"
import { type ClientMessage, parseFrame, type RequestId } from "./frames.ts"
import type { SocketLimits } from "./limits.ts"
import type { Call, LiveConnection } from "./live-connection.ts"
import { exitFrame, malformedFrame, pongFrame, refusedExit } from "./replies.ts"
import type { Listener, Transport } from "./transport.ts"

type Request = Extract<ClientMessage, { readonly _tag: "Request" }>

/** The calls this listener offers, and the way to their handlers. */
export interface Dispatch {
  readonly limits: SocketLimits
  /** Chunks of one stream that may be on their way unacknowledged, however many the client offers. */
  readonly credit_max: number
  /** Null for a call that does not exist here. */
  readonly kindOf: (tag: string) => "call" | "stream" | null
  readonly handOver: (live: LiveConnection, message: ClientMessage) => void
  /** For what takes no part in it: log lines. */
  readonly fork: (effect: Effect.Effect<void>) => void
}

const answerRefused = (live: LiveConnection, id: RequestId, refusal: Refusal): void =>
  live.send(exitFrame(id, refusedExit(refusal)))

/** The same, counted and told: by a limit that no phone comes near. */
const answerLimited = (
  live: LiveConnection,
  id: RequestId,
  refusal: Refusal,
  dispatch: Dispatch
): void => {
  dispatch.fork(
    tellRateLimited(String(refusal.details["limit"]), live.principal?.user_id ?? live.remote_address)
  )
  answerRefused(live, id, refusal)
}

const unknownMethod = (tag: string) =>
  refuse("UNKNOWN_METHOD", `There is no call named ${JSON.stringify(tag)}.`)

const rateLimited = (retryAfterMs: number, limits: SocketLimits) =>
  refuse(
    "RATE_LIMITED",
    `More than ${limits.requests_per_second} requests per second. Wait, then go on.`,
    { limit: "requests", retry_after_ms: retryAfterMs, retry_after_seconds: Math.ceil(retryAfterMs / 1_000) }
  )

const inFlight = (limit: string, whose: string, in_flight_max: number) =>
  refuse(
    "TOO_MANY_REQUESTS",
    `${in_flight_max} requests of ${whose} are still in flight. Wait for one of them.`,
    // Whenever one of them is answered.
    { limit, in_flight_max, retry_after_seconds: 1 }
  )

const tooManyOf = (live: LiveConnection, limits: SocketLimits): Refusal | null => {
  if (live.calls.size >= limits.in_flight_max) {
    return inFlight("in_flight", "this connection", limits.in_flight_max)
  }
  return live.in_flight_of_person >= limits.in_flight_per_person_max
    ? inFlight("in_flight_of_person", "yours on all your connections", limits.in_flight_per_person_max)
    : null
}

const onRequest = (live: LiveConnection, request: Request, dispatch: Dispatch): void => {
  // Two answers with one id could not be told apart: nothing sensible can follow.
  if (live.calls.has(request.id)) return live.close(closeCodes.duplicateRequestId)
  const admission = live.bucket.take(live.now())
  if (admission._tag === "Flooding") return live.close(closeCodes.flooding)
  if (admission._tag === "Refused") {
    const refusal = rateLimited(admission.retry_after_ms, dispatch.limits)
    return answerLimited(live, request.id, refusal, dispatch)
  }
  const tooMany = tooManyOf(live, dispatch.limits)
  if (tooMany !== null) return answerLimited(live, request.id, tooMany, dispatch)
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
    is_held: false,
    goOn: null
  })
  return dispatch.handOver(live, request)
}

/** Messages that ask for no work still cost a token; over the rate they are dropped. */
const isAdmitted = (live: LiveConnection): boolean => {
  const admission = live.bucket.take(live.now())
  if (admission._tag === "Flooding") live.close(closeCodes.flooding)
  return admission._tag === "Admitted"
}

const takeCredit = (call: Call, credit: number): void => {
  if (credit === call.credit) return
  call.credit = credit
  call.tells_credit = true
}

const onMessage = (live: LiveConnection, message: ClientMessage, dispatch: Dispatch): void => {
  switch (message._tag) {
    case "Request":
      return onRequest(live, message, dispatch)
    case "Ack": {
      const call = live.calls.get(message.requestId)
      // One per chunk is part of the bargain and free; dropping it would stall the stream.
      if (call === undefined || call.unacknowledged === 0) return void isAdmitted(live)
      call.unacknowledged = Math.max(0, call.unacknowledged - message.chunks)
      if (message.credit !== null) takeCredit(call, Math.min(message.credit, dispatch.credit_max))
      if (!call.is_held || call.unacknowledged >= call.credit) return
      call.is_held = false
      return dispatch.handOver(live, message)
    }
    case "Interrupt": {
      const call = live.calls.get(message.requestId)
      if (call === undefined || call.interrupted_by_client) return void isAdmitted(live)
      call.interrupted_by_client = true
      return dispatch.handOver(live, message)
    }
    case "Ping":
      if (isAdmitted(live)) live.send(pongFrame)
      return
    case "Eof":
      // "No more requests" changes nothing here: closing the socket is how a client leaves.
      return void isAdmitted(live)
  }
}

const onMalformed = (live: LiveConnection, problem: string, limits: SocketLimits): void => {
  live.malformed_in_a_row += 1
  live.send(malformedFrame(problem))
  if (live.malformed_in_a_row >= limits.malformed_in_a_row_max) return live.close(closeCodes.malformed)
  if (live.bucket.take(live.now())._tag === "Flooding") live.close(closeCodes.flooding)
}

export const onFrame = (live: LiveConnection, data: string | Uint8Array, dispatch: Dispatch): void => {
  const parsed = parseFrame(data, dispatch.limits)
  if (Result.isFailure(parsed)) return onMalformed(live, parsed.failure, dispatch.limits)
  live.malformed_in_a_row = 0
  for (const message of parsed.success) {
    // An earlier message of the same frame may have closed the connection.
    if (live.closing === null) onMessage(live, message, dispatch)
  }
}

/** Of frames that wait: then the socket is held. */
const waitingMaxBytes = 64 * 1024

/** What is the same for all sockets of a listener. */
export interface Reading {
  readonly dispatch: Dispatch
  /** How a frame gets from the socket to here: at once, unless a tester wants it late. */
  readonly arrivals: (live: LiveConnection) => (go: () => void) => void
  /** Something was thrown: our mistake. */
  readonly onMistake: (live: LiveConnection, cause: unknown) => void
  /** Both sides have closed. */
  readonly onOver: (life: Scope.Closeable) => void
}

/** Takes the frames of one socket in order. Those that may not be read yet wait, and then the socket. */
export class FrameReader implements Listener {
  readonly #live: LiveConnection
  readonly #transport: Transport
  readonly #life: Scope.Closeable
  readonly #reading: Reading
  readonly #arrive: (go: () => void) => void
  #waiting: Array<string | Uint8Array> | null = null
  #waitingBytes = 0

  constructor(live: LiveConnection, transport: Transport, life: Scope.Closeable, reading: Reading) {
    this.#live = live
    this.#transport = transport
    this.#life = life
    this.#reading = reading
    this.#arrive = reading.arrivals(live)
  }

  frame(data: string | Uint8Array): void {
    this.#live.heard()
    this.#arrive(() => this.#read(data))
  }

  pinged(): void {
    this.#live.signOfLife(false)
  }

  ponged(): void {
    this.#live.signOfLife(true)
  }

  closing(code: CloseCode): void {
    this.#live.closedWith(code)
  }

  over(): void {
    this.#live.over()
    this.#reading.onOver(this.#life)
  }

  /** The connection is readable again. */
  readOn(): void {
    while (this.#live.is_readable && this.#waiting !== null) {
      const next = this.#waiting.shift()
      if (next === undefined) return this.#caughtUp()
      this.#take(next)
    }
  }

  #read(data: string | Uint8Array): void {
    if (this.#waiting === null && this.#live.is_readable) return this.#take(data)
    this.#waiting ??= []
    this.#waiting.push(data)
    const before = this.#waitingBytes
    this.#waitingBytes += data.length
    if (before < waitingMaxBytes && this.#waitingBytes >= waitingMaxBytes) this.#transport.hold(true)
  }

  #caughtUp(): void {
    const wasHeld = this.#waitingBytes >= waitingMaxBytes
    this.#waiting = null
    this.#waitingBytes = 0
    if (wasHeld) this.#transport.hold(false)
  }

  #take(data: string | Uint8Array): void {
    if (this.#live.closing !== null) return
    try {
      onFrame(this.#live, data, this.#reading.dispatch)
    } catch (cause) {
      this.#reading.onMistake(this.#live, cause)
    }
  }
}
