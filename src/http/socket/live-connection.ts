// One open socket: what is in flight on it, who is on it, how much of what we said is still unsent, and
// why it is closing. Everything here is synchronous.
import type * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import { type CloseCode, closeCodes } from "../../contract/close-codes.ts"
import type { Principal } from "./connection.ts"
import type { RequestId } from "./frames.ts"
import type { SocketLimits } from "./limits.ts"
import type { FrameReader } from "./receiving.ts"
import { TokenBucket } from "./token-bucket.ts"
import { closeReason } from "./tracked-web-socket.ts"

/** What we need of a WebSocket; the driver's has it. */
export interface Wire {
  readonly readyState: number
  /** Bytes accepted by `send` that have not reached the operating system yet. */
  readonly bufferedAmount: number
  readonly send: (frame: string, done: () => void) => void
  readonly ping: () => void
  readonly close: (code: number, reason: string) => void
  readonly terminate: () => void
}

const wireIsOpen = 1

export interface Call {
  readonly tag: string
  /** Streams do not hold up a drain: they never end by themselves. */
  readonly is_stream: boolean
  readonly began_at: number
  /** It took too long; `stop` was called for it. */
  is_overdue: boolean
  /** Set while this protocol runs it itself. */
  fiber: Fiber.Fiber<unknown, unknown> | null
  /** Kept only while the request is being handed over, to explain a payload that did not decode. */
  payload: unknown
  interrupted_by_client: boolean
  /** Chunks that were sent and not acknowledged yet. */
  unacknowledged: number
  /** So many of them may be: 1, until the client offers more. */
  credit: number
  /** The next chunk says how many that are now. */
  tells_credit: boolean
  /** The stream waits for an acknowledgement. */
  is_held: boolean
  /** Lets it go on, while this protocol runs it itself and it waits. */
  goOn: (() => void) | null
}

export interface Closing {
  readonly code: CloseCode
  readonly since: number
}

export class LiveConnection {
  readonly id: string
  /** The number under which the RPC server knows it. */
  readonly client_id: number
  readonly remote_address: string
  readonly calls = new Map<RequestId, Call>()
  /** Its own, then its person's: more sockets are not more calls. */
  bucket: TokenBucket
  /** False while nothing more should be read. */
  is_readable = true
  /** Told when it is again. */
  reader: FrameReader | null = null
  principal: Principal | null = null
  malformed_in_a_row = 0
  calls_served = 0
  was_cut = false
  readonly opened_at: number
  heard_at: number
  asked_at: number
  pinged_at: number
  /** When the first event was sent of those that nothing has been heard after. */
  unheard_since: number | null = null
  /** An event was sent and nothing was heard for too long: perhaps the phone is on another network by now. */
  is_silent = false
  closing: Closing | null = null
  /** Stops a call that took too long; set by the server that runs the calls. */
  stop: (live: LiveConnection, id: RequestId, call: Call) => void = () => {}
  #drainRetryAfterMs: number | null = null
  #awaitsPong = false
  #isOver = false
  readonly #wire: Wire
  readonly #limits: SocketLimits
  readonly #clock: Clock.Clock
  readonly #onClosing: (connection: LiveConnection) => void
  readonly #onSilence: (connection: LiveConnection) => void

  constructor(options: {
    readonly id: string
    readonly client_id: number
    readonly remote_address: string
    readonly wire: Wire
    readonly limits: SocketLimits
    readonly clock: Clock.Clock
    /** Called once, when the decision to close falls: whatever is in flight has lost its audience. */
    readonly onClosing: (connection: LiveConnection) => void
    /** It fell silent, or was heard again. */
    readonly onSilence: (connection: LiveConnection) => void
  }) {
    this.id = options.id
    this.client_id = options.client_id
    this.remote_address = options.remote_address
    this.#wire = options.wire
    this.#limits = options.limits
    this.#clock = options.clock
    this.#onClosing = options.onClosing
    this.#onSilence = options.onSilence
    this.bucket = new TokenBucket(options.limits)
    this.heard_at = this.now()
    this.opened_at = this.heard_at
    this.asked_at = this.heard_at
    this.pinged_at = this.heard_at
  }

  now(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }

  heard(): void {
    this.heard_at = this.now()
    this.unheard_since = null
    this.#setSilent(false)
  }

  /** Whoever gets an event acknowledges it, or is busy with something that is heard, too. */
  sendChunk(frame: string): void {
    this.unheard_since ??= this.now()
    this.send(frame)
  }

  noticeSilence(now: number): void {
    if (this.unheard_since === null || now - this.unheard_since < this.#limits.event_silence_ms) return
    this.#setSilent(true)
  }

  #setSilent(isSilent: boolean): void {
    if (this.is_silent === isSilent) return
    this.is_silent = isSilent
    this.#onSilence(this)
  }

  ping(): void {
    this.pinged_at = this.now()
    this.#awaitsPong = true
    this.#wire.ping()
  }

  /** More is unsent than we are willing to read past. */
  get is_behind(): boolean {
    return this.#wire.bufferedAmount > this.#limits.unsent_pause_bytes
  }

  get closing_since(): number | null {
    return this.closing === null ? null : this.closing.since
  }

  get token_expires_at(): number | null {
    return this.principal === null ? null : this.principal.expires_at
  }

  get nobody(): { readonly since: number; readonly asked_at: number } | null {
    return this.principal === null ? { since: this.opened_at, asked_at: this.asked_at } : null
  }

  /** Signs of life cost like calls, or they would be the way to flood; but for the one we asked for. */
  signOfLife(isAnswer: boolean): void {
    this.heard()
    const isAsked = isAnswer && this.#awaitsPong
    if (isAnswer) this.#awaitsPong = false
    if (isAsked) return
    if (this.bucket.take(this.now())._tag === "Flooding") this.close(closeCodes.flooding)
  }

  /** Calls of this socket, and of the others of its person once it is signed in. */
  #load = { in_flight: 0 }

  get in_flight_of_person(): number {
    return this.#load.in_flight
  }

  /** From now on the calls of both count together. */
  joinLoadOf(other: LiveConnection): void {
    if (other.#load === this.#load) return
    this.leaveLoad()
    this.#load = other.#load
    this.#load.in_flight += this.calls.size
  }

  /** Nobody waits for its calls any more. */
  leaveLoad(): void {
    this.#load.in_flight -= this.calls.size
    this.#load = { in_flight: this.calls.size }
  }

  begin(id: RequestId, call: Call): void {
    this.asked_at = call.began_at
    this.calls.set(id, call)
    this.#load.in_flight += 1
  }

  /** Streams take as long as they like. */
  stopOverdue(now: number): void {
    const latest = now - this.#limits.call_max_ms
    for (const [id, call] of this.calls) {
      if (call.is_stream || call.is_overdue || call.began_at > latest) continue
      call.is_overdue = true
      this.stop(this, id, call)
    }
  }

  finish(id: RequestId): Call | undefined {
    const call = this.calls.get(id)
    if (!this.calls.delete(id)) return call
    this.calls_served += 1
    this.#load.in_flight -= 1
    return call
  }

  /** Nobody is left to hear the answers of the calls that this protocol runs itself. */
  endCalls(): void {
    for (const { fiber } of this.calls.values()) fiber?.interruptUnsafe()
  }

  /** Never waits: the far end either keeps up, within the bound, or is cut. */
  send(frame: string): void {
    if (this.closing !== null || this.#wire.readyState !== wireIsOpen) return
    // Asked before adding, so that one large page reaches a slow phone, but not a second one on top.
    if (this.#wire.bufferedAmount > this.#limits.unsent_max_bytes) return this.close(closeCodes.slowConsumer)
    this.#wire.send(frame, () => this.#settleReading())
    this.#settleReading()
  }

  #settleReading(): void {
    const mayRead = this.#isOver || this.closing !== null ||
      (this.#drainRetryAfterMs === null && !this.is_behind)
    if (mayRead) this.#setReadable()
    else this.is_readable = false
  }

  #setReadable(): void {
    if (this.is_readable) return
    this.is_readable = true
    this.reader?.readOn()
  }

  close(code: CloseCode, retryAfterMs?: number): void {
    if (this.closing !== null) return
    this.closing = { code, since: this.now() }
    this.#wire.close(code.code, closeReason(code.reason, retryAfterMs ?? code.limit?.retry_after_ms))
    this.#giveUp()
  }

  /** The wire closes by itself: a frame was too large, or in too many parts. */
  closedWith(code: CloseCode): void {
    if (this.closing !== null) return
    this.closing = { code, since: this.now() }
    this.#giveUp()
  }

  #giveUp(): void {
    // What waits to be read is discarded, and all that comes until the other end has closed too.
    this.#setReadable()
    this.endCalls()
    this.#onClosing(this)
  }

  /** The socket is closed on both sides: what waits to be read is read now. */
  over(): void {
    this.#isOver = true
    this.#setReadable()
  }

  /** For a close that the other end does not complete. */
  cut(): void {
    this.was_cut = true
    this.#wire.terminate()
  }

  startDraining(retryAfterMs: number): void {
    this.#drainRetryAfterMs = retryAfterMs
    this.#settleReading()
    this.leaveIfDrained()
  }

  /** To be asked after each reply: the last one of a draining connection ends it. */
  leaveIfDrained(): void {
    if (this.#drainRetryAfterMs === null) return
    for (const call of this.calls.values()) if (!call.is_stream) return
    this.close(closeCodes.goingAway, this.#drainRetryAfterMs)
  }
}
