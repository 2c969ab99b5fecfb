// Our RpcServer.Protocol: own-calls.ts runs all calls and streams of pages, the effect/rpc server the other
// streams, and this decides what reaches them and what they may answer.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Rpc, RpcGroup } from "effect/rpc"
import { RpcMiddleware, RpcSchema, RpcSerialization, RpcServer } from "effect/rpc"
import type { FromClientEncoded } from "effect/rpc/RpcMessage"
import type * as Scope from "effect/Scope"
import { WorkTracker } from "../../services/manual-clock/work-tracker.ts"
import { spanned } from "../../services/operations/spans.ts"
import { closeCodes } from "../../contract/close-codes.ts"
import { type ActiveConnection, type CheckedToken, onConnection } from "./connection.ts"
import { defectReporter, makeAnswering } from "./answering.ts"
import { Connections } from "./connections.ts"
import { type ClientMessage, creditMax, type RequestId } from "./frames.ts"
import type { LiveConnection } from "./live-connection.ts"
import { Limits } from "./limits.ts"
import { makeOwnCalls, type OwnCalls } from "./own-calls.ts"
import type { Dispatch } from "./receiving.ts"
import { type Fork, makeServe, type Upgrade } from "./serving.ts"

export class SocketProtocol extends Context.Service<SocketProtocol, {
  readonly protocol: RpcServer.Protocol["Service"]
  /** Who is behind the RPC server's number for a client; nothing once the socket is over. */
  readonly activeOf: (clientId: number) => ActiveConnection | undefined
  /** False before the RPC server runs and after it stopped: a call would get no answer. */
  readonly isServing: Effect.Effect<boolean>
  /**
   * Opens the transport (an upgrade) and serves it from then on; `life` ends when both sides have closed.
   * False when it was not opened: then `life` is still the caller's.
   */
  readonly serve: (
    transport: Upgrade,
    remote_address: string,
    token: CheckedToken | null,
    life: Scope.Closeable
  ) => Effect.Effect<boolean>
}>()("halobestie/http/SocketProtocol") {}

const { codecFor } = RpcSerialization.json

type Write = (clientId: number, message: FromClientEncoded) => Effect.Effect<void>

/** Past this point a defect is the handler's; the payload was fine. */
const forgetPayload = (live: LiveConnection, message: ClientMessage): void => {
  const call = message._tag === "Request" ? live.calls.get(message.id) : undefined
  if (call !== undefined) call.payload = undefined
}

const notTaken = (live: LiveConnection, message: ClientMessage, cause: Cause.Cause<unknown>) => {
  forgetPayload(live, message)
  // It still runs finalizers of an earlier request with this id, and says so by interrupting.
  if (message._tag === "Request" && Cause.hasInterruptsOnly(cause)) {
    return Effect.sync(() => live.close(closeCodes.duplicateRequestId))
  }
  return Effect.logError("the RPC server failed to take a message", cause).pipe(
    Effect.andThen(Effect.sync(() => live.close(closeCodes.replaced)))
  )
}

/** Hands one message to the RPC server and survives whatever it does with it. */
const makeHandOver =
  (fork: Fork, write: () => Write | null, own: () => OwnCalls): Dispatch["handOver"] => (live, message) => {
    const writeRequest = write()
    if (writeRequest === null) return live.close(closeCodes.replaced)
    if (own()(live, message)) return
    fork(Effect.matchCauseEffect(Effect.suspend(() => writeRequest(live.client_id, message)), {
      onFailure: (cause) => notTaken(live, message, cause),
      onSuccess: () => {
        forgetPayload(live, message)
        return Effect.void
      }
    }))
  }

const makeSocketProtocol = Effect.fnUntraced(function*(requests: ReadonlyMap<string, Rpc.AnyWithProps>) {
  const limits = yield* Limits
  const connections = yield* Connections
  const active = new Map<number, ActiveConnection>()
  const reporters = new Set(yield* ErrorReporter.CurrentErrorReporters).add(defectReporter)
  // All messages of all sockets are taken in one context, and handlers inherit it: the RPC server copies its
  // services for each context it has not seen with a call (a hundred entries), and keeps every copy. Whose
  // message it is, `OnConnection` says.
  const context = Context.add(
    yield* Effect.context<never>(),
    ErrorReporter.CurrentErrorReporters,
    reporters
  )
  const fork: Fork = (effect) => void Effect.runForkWith(context)(effect)
  let write: Write | null = null

  // Where a tester holds the clock, time waits for phones to have what happened: no chunk runs ahead.
  const holdsClock = (yield* WorkTracker) !== null
  const dispatch: Dispatch = {
    limits,
    credit_max: holdsClock ? 1 : creditMax,
    kindOf: (tag) => {
      const rpc = requests.get(tag)
      if (rpc === undefined) return null
      return RpcSchema.isStreamSchema(rpc.successSchema) ? "stream" : "call"
    },
    fork,
    handOver: makeHandOver(fork, () => write, () => own)
  }
  // The RPC server knows one way on: that the client has acknowledged.
  const goOn = (live: LiveConnection, requestId: RequestId) =>
    dispatch.handOver(live, { _tag: "Ack", requestId, chunks: 1, credit: null })
  const { answer, send, sendChunk } = makeAnswering(connections, requests, goOn)
  const activeOf = (clientId: number) => active.get(clientId)
  const own = yield* makeOwnCalls({ requests, context, activeOf, answer, sendChunk })
  const serve = yield* makeServe(dispatch, fork, context, active)

  return SocketProtocol.of({
    activeOf,
    isServing: Effect.sync(() => write !== null),
    serve: (upgrade, remote_address, token, life) =>
      serve(upgrade, remote_address, token, life).pipe(
        // An upgrade that fails was answered by the platform.
        Effect.catchTag(["SocketError", "HttpServerError"], () => Effect.succeed(false))
      ),
    protocol: {
      run: (f) =>
        Effect.suspend(() => {
          write = f
          return Effect.onExit(Effect.never, () =>
            Effect.sync(() => {
              write = null
            }))
        }),
      disconnects: connections.disconnects,
      send,
      end: () => Effect.void,
      // Only asked by transports that address clients on their own.
      clientIds: Effect.succeed(new Set<number>()),
      initialMessage: Effect.succeed(Option.none()),
      supportsAck: true,
      supportsTransferables: false,
      supportsSpanPropagation: false,
      supportsNotifications: false,
      codecFor
    }
  })
})

/** Gives each handler the connection its call came in on. Part of this transport, not of the contract. */
class OnConnection extends RpcMiddleware.Service<OnConnection>()("halobestie/http/OnConnection") {}

const onConnectionLayer = Layer.effect(OnConnection)(
  Effect.map(SocketProtocol, ({ activeOf }): OnConnection["Service"] => (handler, { client, rpc }) => {
    const active = activeOf(client.id)
    // Its socket was over before its call began: no client waits for an answer.
    if (active === undefined) return Effect.interrupt
    return Effect.updateContext(
      spanned("call", { call: rpc._tag })(handler),
      (context) => onConnection(context, active, rpc._tag)
    )
  })
)

/** Runs the group's handlers behind the socket protocol. The upgrade route takes `SocketProtocol`. */
export const layer = <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>) => {
  const requests = group.requests as unknown as ReadonlyMap<string, Rpc.AnyWithProps>
  const protocol = Layer.effect(SocketProtocol, makeSocketProtocol(requests))
  const rpcProtocol = Layer.effect(
    RpcServer.Protocol,
    Effect.map(SocketProtocol, (socket) => socket.protocol)
  )
  // A dying handler is that call's business, not its neighbours'. Spans of calls would need their parents
  // from headers, which are dropped.
  return RpcServer.layer(group.middleware(OnConnection), {
    disableFatalDefects: true,
    disableTracing: true
  }).pipe(
    Layer.provide(onConnectionLayer),
    Layer.provide(rpcProtocol),
    Layer.provideMerge(protocol)
  )
}
