// Our RpcServer.Protocol: the effect/rpc server runs the streams, own-calls.ts all other calls, and this
// decides what reaches them and what they may answer. Also serves one upgraded socket from its first frame to
// its last.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import type { HttpServerError } from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Rpc, RpcGroup } from "effect/rpc"
import { RpcMiddleware, RpcSchema, RpcSerialization, RpcServer } from "effect/rpc"
import type { FromClientEncoded } from "effect/rpc/RpcMessage"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import { count } from "../../services/operations/figures.ts"
import { Faults } from "../../services/manual-clock/faults.ts"
import { WorkTracker } from "../../services/manual-clock/work-tracker.ts"
import { spanned } from "../../services/operations/spans.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { closeCodes } from "../../contract/close-codes.ts"
import { type ActiveConnection, type CheckedToken, type Connection, onConnection } from "./connection.ts"
import { defectReporter, makeAnswering } from "./answering.ts"
import { Connections } from "./connections.ts"
import { makeIdentity } from "./identity.ts"
import { Limits } from "./limits.ts"
import { type ClientMessage, creditMax, type RequestId } from "./frames.ts"
import type { Call, LiveConnection } from "./live-connection.ts"
import { makeOwnCalls, type OwnCalls } from "./own-calls.ts"
import { type Dispatch, readFrames } from "./receiving.ts"
import type { Transport } from "./transport.ts"

/** How a socket comes to be; in a listener by an upgrade. */
export type Upgrade = Effect.Effect<Transport, Socket.SocketError | HttpServerError, Scope.Scope>

export class SocketProtocol extends Context.Service<SocketProtocol, {
  readonly protocol: RpcServer.Protocol["Service"]
  /** Who is behind the RPC server's number for a client; nothing once the socket is over. */
  readonly activeOf: (clientId: number) => ActiveConnection | undefined
  /** False before the RPC server runs and after it stopped: a call would get no answer. */
  readonly isServing: Effect.Effect<boolean>
  /** Opens the transport (an upgrade), then serves until either side closes. */
  readonly serve: (
    transport: Upgrade,
    remote_address: string,
    token: CheckedToken | null
  ) => Effect.Effect<void, never, Scope.Scope>
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
  (write: () => Write | null, own: () => OwnCalls): Dispatch["handOver"] => (live, message) => {
    const writeRequest = write()
    if (writeRequest === null) return Effect.sync(() => live.close(closeCodes.replaced))
    const taken = own()(live, message)
    if (taken !== null) return taken
    return Effect.matchCauseEffect(Effect.suspend(() => writeRequest(live.client_id, message)), {
      onFailure: (cause) => notTaken(live, message, cause),
      onSuccess: () => {
        forgetPayload(live, message)
        return Effect.void
      }
    })
  }

/** Stops a call in the name of its client; the answer says "try again". */
const stopCall = (live: LiveConnection, id: RequestId, call: Call, dispatch: Dispatch) =>
  Effect.logWarning("a call took too long and is stopped").pipe(
    Effect.annotateLogs({ call: call.tag, connection: live.id }),
    Effect.andThen(dispatch.handOver(live, { _tag: "Interrupt", requestId: id }))
  )

/** One line per socket when it is over, for operators who look into why phones come and go. */
const logEnd = (live: LiveConnection): Effect.Effect<void> =>
  Effect.suspend(() => {
    const reason = live.closing?.code.reason ?? "left"
    count("connections_closed_total", [reason])
    return Effect.logInfo("connection closed").pipe(
      Effect.annotateLogs({
        connection: live.id,
        ...personOf(live),
        remote_address: live.remote_address,
        reason,
        by: live.closing === null ? "phone" : "server",
        calls_served: live.calls_served
      })
    )
  })

const personOf = ({ principal }: LiveConnection) => ({
  user_type: principal?.user_type ?? null,
  user_id: principal?.user_id ?? null
})

/** Every end of a socket is an error of it to the platform; all others are ours. */
const isOrdinaryEnd = (cause: Cause.Cause<unknown>): boolean =>
  Cause.hasInterruptsOnly(cause) ||
  cause.reasons.every((reason) => Cause.isFailReason(reason) && Socket.isSocketError(reason.error))

const surviveMistakes = (live: LiveConnection) =>
  Effect.catchCause((cause: Cause.Cause<unknown>) =>
    isOrdinaryEnd(cause)
      ? Effect.void
      : Effect.logError("serving a socket failed", cause).pipe(
        Effect.andThen(Effect.sync(() => live.close(closeCodes.replaced)))
      )
  )

const makeServe = Effect.fnUntraced(function*(
  dispatch: Dispatch,
  context: Context.Context<never>,
  active: Map<number, ActiveConnection>
) {
  const connections = yield* Connections
  const identify = yield* makeIdentity
  const faults = yield* Faults
  const annotations = Context.get(context, References.CurrentLogAnnotations)
  const annotationsOn = (live: LiveConnection) => ({ ...annotations, connection: live.id })

  const signIn = (connection: Connection["Service"], { heard, principal }: CheckedToken) =>
    Effect.catchTag(
      connection.authenticate(principal, heard),
      "Refusal",
      () => connection.close(closeCodes.tokenExpired)
    )

  return Effect.fnUntraced(function*(upgrade: Upgrade, remote_address: string, token: CheckedToken | null) {
    const transport = yield* upgrade
    const live = yield* connections.open(transport.wire, remote_address)
    live.stop = (id, call) => Effect.runForkWith(context)(stopCall(live, id, call, dispatch))
    transport.listen(() => live.heard(), () => live.over(), () => live.pingedByPhone())
    yield* Effect.addFinalizer(() => logEnd(live))
    const late = Effect.suspend(() =>
      RealTime.onRealTime(
        Effect.sleep(live.principal === null ? 0 : faults?.lag_ms(live.principal.user_id) ?? 0)
      )
    )
    const connection = identify(live, yield* Effect.scope)
    yield* Effect.acquireRelease(
      Effect.sync(() => active.set(live.client_id, { connection, annotations: annotationsOn(live) })),
      () => Effect.sync(() => active.delete(live.client_id))
    )
    yield* (token === null ? Effect.void : signIn(connection, token)).pipe(
      Effect.andThen(
        readFrames(live, faults === null ? transport.pull : Effect.tap(transport.pull, late), dispatch).pipe(
          Effect.setContext(context)
        )
      ),
      surviveMistakes(live)
    )
  })
})

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
    handOver: makeHandOver(() => write, () => own)
  }
  // The RPC server knows one way on: that the client has acknowledged.
  const goOn = (live: LiveConnection, requestId: RequestId) =>
    dispatch.handOver(live, { _tag: "Ack", requestId, chunks: 1, credit: null })
  const { answer, send } = makeAnswering(connections, requests, goOn)
  const activeOf = (clientId: number) => active.get(clientId)
  const own = yield* makeOwnCalls({ requests, context, activeOf, answer })
  const serve = yield* makeServe(dispatch, context, active)

  return SocketProtocol.of({
    activeOf,
    isServing: Effect.sync(() => write !== null),
    serve: (upgrade, remote_address, token) =>
      serve(upgrade, remote_address, token).pipe(
        // An upgrade that fails was answered by the platform.
        Effect.catchTag(["SocketError", "HttpServerError"], () => Effect.void)
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
