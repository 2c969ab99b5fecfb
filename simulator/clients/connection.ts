// The wire as a phone app speaks it, written from docs/wire.md and not from the server's code: calls with a
// timeout, one event stream with acknowledgements, and the news that the connection is over.
import * as Effect from "effect/Effect"
import type { Prng } from "../kernel/prng.ts"
import type { Process } from "../kernel/process.ts"
import type { Timer } from "../../src/services/platform/timer-heap.ts"
import type { Line } from "../network/line.ts"
import type { Dialling, Runner, World } from "../world.ts"

/** The server said no, for a stable reason. */
export class Refused {
  readonly _tag = "Refused"
  readonly call: string
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  constructor(
    call: string,
    error: { readonly code: string; readonly message: string; readonly details?: object }
  ) {
    this.call = call
    this.code = error.code
    this.message = error.message
    this.details = (error.details ?? {}) as Readonly<Record<string, unknown>>
  }
}

/** "Not now": the same call may be repeated after a while. */
export class TryLater {
  readonly _tag = "TryLater"
  readonly retry_after_ms: number
  constructor(retry_after_ms: number) {
    this.retry_after_ms = retry_after_ms
  }
}

/** It is unknown whether the call happened: connect again and repeat it with the same ids. */
export class ConnectionLost {
  readonly _tag = "ConnectionLost"
  readonly code: number
  readonly reason: string
  constructor(code: number, reason: string) {
    this.code = code
    this.reason = reason
  }
}

/** The server answered with something that is not in the contract. */
export class BrokenAnswer {
  readonly _tag = "BrokenAnswer"
  readonly call: string
  readonly answer: string
  constructor(call: string, answer: string) {
    this.call = call
    this.answer = answer
  }
}

export type CallFailure = Refused | TryLater | ConnectionLost | BrokenAnswer
export type Answer = Readonly<Record<string, any>>

const callTimeoutMs = 10_000

/** Exactly one of the two is called, once. */
export interface Settle {
  readonly answered: (answer: Answer) => void
  readonly failed: (failure: CallFailure) => void
}

/** What a request ends with, for a fiber that waits for it. */
export const answerTo = (request: (settle: Settle) => void): Effect.Effect<Answer, CallFailure> =>
  Effect.callback((resume) =>
    request({
      answered: (answer) => resume(Effect.succeed(answer)),
      failed: (failure) => resume(Effect.fail(failure))
    })
  )

interface Pending {
  readonly id: string
  readonly tag: string
  readonly settle: Settle
  readonly timer: Timer
}

interface ExitFrame {
  readonly _tag: "Success" | "Failure"
  readonly value?: Answer
  readonly cause?: ReadonlyArray<{ readonly _tag: string; readonly error?: any; readonly defect?: unknown }>
}

const failureOf = (tag: string, exit: ExitFrame): CallFailure => {
  const error = exit.cause?.find(({ _tag }) => _tag === "Fail")?.error
  if (error?._tag === "Refusal") return new Refused(tag, error)
  if (error?._tag === "TryAgain") return new TryLater(error.retry_after_ms ?? 1_000)
  if (exit.cause?.some(({ _tag }) => _tag === "Interrupt")) return new ConnectionLost(1006, "interrupted")
  return new BrokenAnswer(tag, JSON.stringify(exit.cause))
}

const signInAgainMs = 60_000
const reconnectMaxMs = 15_000

/** The app shows its sign-in page; its owner tries again after a while. */
export const notSignedIn = (failure: CallFailure): ConnectionLost =>
  new ConnectionLost(0, JSON.stringify({ ...failure, retry_after_ms: signInAgainMs }))

export const waitOf = ({ reason }: ConnectionLost, attempt: number, prng: Prng): number => {
  try {
    const asked = JSON.parse(reason).retry_after_ms
    if (typeof asked === "number") return asked
  } catch {
    // Not every close has a reason made by the server.
  }
  const ceiling = Math.min(reconnectMaxMs, 500 * 2 ** attempt)
  return ceiling / 2 + prng.fraction() * ceiling / 2
}

/** The end of a connection, to be awaited before or after it came. */
export const pendingEnd = () => {
  let resolve: ((effect: Effect.Effect<never, ConnectionLost>) => void) | null = null
  let ended: ConnectionLost | null = null
  return {
    settle: (over: ConnectionLost) => {
      ended = over
      resolve?.(Effect.fail(over))
    },
    promise: Effect.callback<never, ConnectionLost>((resume) => {
      if (ended !== null) return resume(Effect.fail(ended))
      resolve = resume
    })
  }
}

export interface ConnectionOptions {
  readonly world: World
  readonly process: Process
  readonly listener: Dialling["listener"]
  readonly peer: string
  readonly onEvent: (event: Answer) => void
  readonly onOver: (over: ConnectionLost) => void
  /** Every frame in both directions, for the trace. */
  readonly onFrame?: (direction: "up" | "down", frame: string) => void
  /** Every request, as it leaves. */
  readonly onRequest?: (tag: string, payload: Answer) => void
}

export class PhoneConnection {
  readonly #options: ConnectionOptions
  /** A list: few are asked at once, and a Map that fills and empties all day leaves its old tables behind. */
  readonly #pending: Array<Pending> = []
  #line: Line | null = null
  #ids = 0
  #streams = new Set<string>()
  #over: ConnectionLost | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get line(): Line | null {
    return this.#line
  }

  get isOpen(): boolean {
    return this.#line !== null && this.#over === null
  }

  /** Fails with ConnectionLost when no runner answers, or with the HTTP status as its code. */
  open(token: string | null, to?: Runner): Effect.Effect<void, ConnectionLost> {
    return Effect.callback((resume) => {
      const { listener, peer, process, world } = this.#options
      const timer = world.time.after(callTimeoutMs, process, () => {
        this.#line?.abandon()
        this.#end(new ConnectionLost(0, "no answer"))
        resume(Effect.fail(new ConnectionLost(0, "no answer")))
      })
      const settle = (result: Effect.Effect<void, ConnectionLost>) => {
        world.time.cancel(timer)
        resume(result)
      }
      this.#line = world.dial({
        process,
        listener,
        peer,
        token,
        end: {
          onOpen: () => settle(Effect.void),
          onRefused: (status) => {
            const lost = new ConnectionLost(status ?? 0, "refused")
            this.#end(lost)
            settle(Effect.fail(lost))
          },
          onFrame: (frame) => this.#receive(frame),
          onClose: (code, reason) => {
            const lost = new ConnectionLost(code, reason)
            this.#end(lost)
            settle(Effect.fail(lost))
          }
        }
      }, to)
    })
  }

  call(tag: string, payload: object): Effect.Effect<Answer, CallFailure> {
    return answerTo((settle) => this.request(tag, payload, settle))
  }

  /** The same without a fiber: for what is asked all day. */
  request(tag: string, payload: object, settle: Settle): void {
    const { process, world } = this.#options
    if (this.#over !== null || this.#line === null) {
      return settle.failed(this.#over ?? new ConnectionLost(0, "not connected"))
    }
    const id = `${++this.#ids}`
    const timer = world.time.after(callTimeoutMs, process, () => {
      // A server that does not answer is as good as gone: hang up and try another one.
      this.#settled(id)
      const lost = new ConnectionLost(0, `no answer to ${tag}`)
      this.hangUp(lost)
      settle.failed(lost)
    })
    this.#pending.push({ id, tag, settle, timer })
    this.#ask(id, tag, payload)
  }

  /** The event stream, or a stream of another call: values arrive at `onEvent` until the connection ends. */
  follow(tag: string, payload: object): void {
    const id = `${++this.#ids}`
    this.#streams.add(id)
    this.#ask(id, tag, payload)
  }

  hangUp(why = new ConnectionLost(1000, "hung up")): void {
    this.#line?.hangUp()
    this.#end(why)
  }

  #ask(id: string, tag: string, payload: object): void {
    this.#options.onRequest?.(tag, payload)
    this.#send({ _tag: "Request", id, tag, payload, headers: [] })
  }

  #send(message: object): void {
    const frame = JSON.stringify(message)
    this.#options.onFrame?.("up", frame)
    this.#line?.send(frame)
  }

  #receive(frame: string): void {
    if (this.#over !== null) return
    this.#options.onFrame?.("down", frame)
    const message = JSON.parse(frame)
    switch (message._tag) {
      case "Exit":
        return this.#finish(`${message.requestId}`, message.exit)
      case "Chunk":
        for (const value of message.values) if (this.#over === null) this.#options.onEvent(value)
        if (this.#over === null) this.#send({ _tag: "Ack", requestId: message.requestId })
        return
      default:
        throw new Error(`a phone got a frame it does not know: ${frame}`)
    }
  }

  #finish(id: string, exit: ExitFrame): void {
    if (this.#streams.delete(id)) {
      // A stream ends only when the server gives up on it: connect again and resume.
      return this.hangUp(new ConnectionLost(0, `the stream ended: ${JSON.stringify(exit.cause ?? null)}`))
    }
    const pending = this.#settled(id)
    if (pending === undefined) return
    this.#options.world.time.cancel(pending.timer)
    const { settle, tag } = pending
    if (exit._tag === "Success") settle.answered(exit.value ?? {})
    else settle.failed(failureOf(tag, exit))
  }

  /** Takes it out of those that are waited for. */
  #settled(id: string): Pending | undefined {
    const index = this.#pending.findIndex((pending) => pending.id === id)
    return index < 0 ? undefined : this.#pending.splice(index, 1)[0]
  }

  #end(over: ConnectionLost): void {
    if (this.#over !== null) return
    this.#over = over
    for (const { settle, timer } of this.#pending) {
      this.#options.world.time.cancel(timer)
      settle.failed(over)
    }
    this.#pending.length = 0
    this.#options.onOver(over)
  }
}
