// One WebSocket to the internal listener with Effect's own RPC client on it, typed by the server's contract.
// A line is opened, used and over; whoever wants to go on opens the next one.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type Rpc, RpcClient, type RpcGroup, RpcSerialization } from "effect/rpc"
import * as Socket from "effect/socket/Socket"
import { AdminApi } from "../../../src/contract/staff/staff-api.ts"

type Api = RpcGroup.Rpcs<typeof AdminApi>
export type Tag = Api["_tag"]
export type PayloadOf<T extends Tag> = Rpc.PayloadConstructor<Extract<Api, { readonly _tag: T }>>
export type AnswerOf<T extends Tag> = Rpc.Success<Extract<Api, { readonly _tag: T }>>

/** Why a call was not done, in the server's words or, where it could not be reached, in ours. */
export class Problem extends Error {
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}

const lost = () => new Problem("CONNECTION_LOST", "The connection was lost before an answer came.")

const problemOf = (cause: Cause.Cause<unknown>): Problem => {
  const error = cause.reasons.find(Cause.isFailReason)?.error as
    | { _tag?: string; code?: string; message?: string; details?: Record<string, unknown> }
    | undefined
  if (error === undefined) {
    return Cause.hasInterruptsOnly(cause) ? lost() : new Problem("BROKEN_ANSWER", Cause.pretty(cause))
  }
  if (error._tag === "Refusal") {
    return new Problem(error.code ?? "REFUSED", error.message ?? "", error.details)
  }
  if (error._tag === "TryAgain") return new Problem("TRY_AGAIN", error.message ?? "")
  return lost()
}

export interface Line {
  readonly call: <T extends Tag>(tag: T, payload: PayloadOf<T>) => Promise<AnswerOf<T>>
  /** Until the function it returns is called, or the line is over. */
  readonly follow: <T extends Tag>(
    tag: T,
    payload: PayloadOf<T>,
    onItem: (item: unknown) => void,
    onEnd: (problem: Problem | null) => void
  ) => () => void
  readonly close: () => void
}

export interface Over {
  readonly code: number
  readonly reason: string
}

// The flattened client takes any of its tags; the pairs of tag and payload are checked above.
type Flat = (
  tag: string,
  payload: unknown
) => Effect.Effect<unknown, unknown> & Stream.Stream<unknown, unknown>

const layerFor = (url: string, made: (socket: WebSocket) => void) =>
  RpcClient.layerProtocolSocket({ pingInterval: "10 seconds", pingTimeout: "20 seconds" }).pipe(
    Layer.provide(Socket.layerWebSocket(url)),
    Layer.provide(
      Layer.succeed(Socket.WebSocketConstructor)((address) => {
        const socket = new WebSocket(address, "halobestie.v1")
        made(socket)
        return socket as never
      })
    ),
    Layer.provide(RpcSerialization.layerJson)
  )

const lineOn = (flat: Flat, scope: Scope.Closeable, close: () => void): Line => ({
  call: async (tag, payload) => {
    // In the line's scope: when the line is over, whoever waits hears of it.
    const fiber = await Effect.runPromise(Effect.forkIn(flat(tag, payload), scope))
    const exit = await Effect.runPromise(Fiber.await(fiber))
    if (Exit.isSuccess(exit)) return exit.value as never
    throw problemOf(exit.cause)
  },
  follow: (tag, payload, onItem, onEnd) => {
    const run = Stream.runForEach(flat(tag, payload), (item) => Effect.sync(() => onItem(item))).pipe(
      Effect.onExit((exit) => Effect.sync(() => onEnd(Exit.isSuccess(exit) ? null : problemOf(exit.cause))))
    )
    const fiber = Effect.runFork(Effect.flatMap(Effect.forkIn(run, scope), Fiber.await))
    return () => void Effect.runFork(Fiber.interrupt(fiber))
  },
  close
})

/** Opens the socket; `onOver` is called once, when it is closed or could not be opened. */
export const openLine = async (url: string, onOver: (over: Over) => void): Promise<Line> => {
  const scope = Effect.runSync(Scope.make())
  let isOver = false
  const end = (over: Over) => {
    if (isOver) return
    isOver = true
    Effect.runFork(Scope.close(scope, Exit.void))
    onOver(over)
  }
  const opened = Promise.withResolvers<void>()
  const made = (socket: WebSocket) => {
    socket.addEventListener("open", () => opened.resolve())
    socket.addEventListener("close", (event) => {
      opened.reject(new Problem("CONNECTION_LOST", "The server cannot be reached."))
      end({ code: event.code, reason: event.reason })
    })
  }
  const context = await Effect.runPromise(Layer.buildWithScope(layerFor(url, made), scope))
  const client = await Effect.runPromise(
    RpcClient.make(AdminApi, { flatten: true }).pipe(
      Effect.provideContext(Context.add(context, Scope.Scope, scope))
    )
  )
  await opened.promise
  return lineOn(client as unknown as Flat, scope, () => end({ code: 1000, reason: "closed here" }))
}
