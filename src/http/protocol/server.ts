// Our RpcServer.Protocol: the effect/rpc server decodes and runs the calls, this decides what reaches it
// and what it may answer. Also serves one upgraded socket from its first frame to its last.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Exit from "effect/Exit"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type { Rpc, RpcGroup } from "effect/rpc"
import { RpcSchema, RpcSerialization, RpcServer } from "effect/rpc"
import type { FromClientEncoded, FromServerEncoded, ResponseExitEncoded } from "effect/rpc/RpcMessage"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { WebSocket } from "ws"
import { closeCodes } from "../../contract/close-codes.ts"
import { refuse } from "../../domain/refusal.ts"
import { Connection, type Principal } from "../connection.ts"
import { Connections } from "./connections.ts"
import { causeOfDeath, defectReporter } from "./defects.ts"
import { makeIdentity } from "./identity.ts"
import { Limits } from "./limits.ts"
import type { LiveConnection } from "./live-connection.ts"
import { type Dispatch, readFrames } from "./receiving.ts"
import { chunkFrame, exitFrame, faultExit, judgeExit, refusedExit } from "./replies.ts"
import { webSocketOf } from "./tracked-web-socket.ts"

export class SocketProtocol extends Context.Service<SocketProtocol, {
  readonly protocol: RpcServer.Protocol["Service"]
  /** False before the RPC server runs and after it stopped: nobody would answer. */
  readonly isServing: Effect.Effect<boolean>
  /** Upgrades, then serves until either side closes. */
  readonly serve: (
    request: HttpServerRequest,
    peer: string,
    principal: Principal | null
  ) => Effect.Effect<void, never, Scope.Scope>
}>()("halobestie/http/SocketProtocol") {}

const { codecFor } = RpcSerialization.json

/** The sentence about what is wrong with a payload, or null when nothing is. */
type Explain = (tag: string, payload: unknown) => string | null

const makeExplain = (requests: ReadonlyMap<string, Rpc.AnyWithProps>): Explain => (tag, payload) => {
  const rpc = requests.get(tag)
  if (rpc === undefined) return null
  const decode = Schema.decodeUnknownResult(codecFor(rpc.payloadSchema) as Schema.Codec<unknown, unknown>)
  const decoded = decode(payload)
  return Result.isFailure(decoded) ? decoded.failure.message : null
}

const makeAnswer = (explain: Explain) => {
  const answer = (live: LiveConnection, id: string | number, exit: ResponseExitEncoded["exit"]) => {
    const frame = exitFrame(id, exit)
    live.finish(id)
    live.send(frame)
    live.leaveIfDrained()
  }

  const answerFault = Effect.fnUntraced(
    function*(live: LiveConnection, id: string | number, defect: unknown) {
      const reference = (yield* Random.next).toString(36).slice(2, 10)
      const tag = live.calls.get(id)?.tag
      const cause = yield* Effect.withFiber((fiber) => Effect.succeed(causeOfDeath(fiber)))
      yield* Effect.logError("a call died", cause ?? defect).pipe(
        Effect.annotateLogs({ reference, call: tag, connection: live.id })
      )
      answer(live, id, faultExit(reference))
    }
  )

  return (live: LiveConnection, response: ResponseExitEncoded): Effect.Effect<void> => {
    const call = live.calls.get(response.requestId)
    if (call === undefined) return Effect.void
    const judged = judgeExit(response.exit, call)
    if (judged._tag === "Answer") return Effect.sync(() => answer(live, response.requestId, judged.exit))
    const problem = call.payload === undefined ? null : explain(call.tag, call.payload)
    if (problem === null) return answerFault(live, response.requestId, judged.defect)
    return Effect.sync(() => answer(live, response.requestId, refusedExit(refuse("BAD_REQUEST", problem))))
  }
}

/** The server talks about the connection as a whole only when it lost track of it. */
const giveUp = (live: LiveConnection, response: FromServerEncoded): Effect.Effect<void> =>
  Effect.logError("the RPC server gave up on a connection", response).pipe(
    Effect.annotateLogs({ connection: live.id }),
    Effect.andThen(Effect.sync(() => live.close(closeCodes.replaced)))
  )

const makeSend = (connections: Connections["Service"], explain: Explain) => {
  const answer = makeAnswer(explain)
  return (clientId: number, response: FromServerEncoded): Effect.Effect<void> =>
    // Suspended: the cause of a death is reported after this effect is made and before it runs.
    Effect.suspend(() => {
      const live = connections.find(clientId)
      if (live === undefined || live.closing !== null) return Effect.void
      if (response._tag === "Exit") return answer(live, response)
      if (response._tag !== "Chunk") return giveUp(live, response)
      const call = live.calls.get(response.requestId)
      if (call === undefined) return Effect.void
      call.awaits_ack = true
      live.send(chunkFrame(response.requestId, response.values))
      return Effect.void
    })
}

type Write = (clientId: number, message: FromClientEncoded) => Effect.Effect<void>

/** Hands one message to the RPC server and survives whatever it does with it. */
const makeHandOver = (write: () => Write | null): Dispatch["handOver"] => (live, message) => {
  const writeRequest = write()
  if (writeRequest === null) return Effect.sync(() => live.close(closeCodes.replaced))
  return Effect.suspend(() => writeRequest(live.client_id, message)).pipe(
    Effect.exit,
    Effect.flatMap((exit) => {
      const id = message._tag === "Request" ? message.id : undefined
      const call = id === undefined ? undefined : live.calls.get(id)
      // Past this point a defect is the handler's; its payload was fine.
      if (call !== undefined) call.payload = undefined
      if (Exit.isSuccess(exit)) return Effect.void
      // It still runs finalizers of an earlier request with this id, and says so by interrupting.
      if (id !== undefined && Cause.hasInterruptsOnly(exit.cause)) {
        return Effect.sync(() => live.close(closeCodes.duplicateRequestId))
      }
      return Effect.logError("the RPC server failed to take a message", exit.cause).pipe(
        Effect.andThen(Effect.sync(() => live.close(closeCodes.replaced)))
      )
    })
  )
}

const listenTo = (ws: WebSocket, live: LiveConnection): void => {
  const heard = () => live.heard()
  ws.on("message", heard)
  ws.on("ping", heard)
  ws.on("pong", heard)
  ws.once("close", () => live.over())
}

/** One line per socket when it is over, for whoever wonders why phones come and go. */
const logEnd = (live: LiveConnection): Effect.Effect<void> =>
  Effect.logDebug("connection over").pipe(
    Effect.annotateLogs({
      connection: live.id,
      peer: live.peer,
      reason: live.closing?.code.reason ?? "left",
      calls_served: live.calls_served
    })
  )

const makeServe = Effect.fnUntraced(function*(dispatch: Dispatch) {
  const connections = yield* Connections
  const identify = yield* makeIdentity
  return Effect.fnUntraced(function*(request: HttpServerRequest, peer: string, principal: Principal | null) {
    const socket = yield* request.upgrade
    const { pull } = yield* socket.reader
    const ws = webSocketOf(request)
    const live = yield* connections.open(ws, peer)
    listenTo(ws, live)
    yield* Effect.addFinalizer(() => logEnd(live))
    const connection = identify(live, yield* Effect.scope)
    if (principal !== null) {
      yield* connection.authenticate(principal).pipe(
        Effect.catchTag("Refusal", () => connection.close(closeCodes.tokenExpired)),
        Effect.catchTag("Unavailable", () => connection.close(closeCodes.replaced))
      )
    }
    const context = yield* Effect.context<never>()
    const reporters = new Set(Context.get(context, ErrorReporter.CurrentErrorReporters)).add(defectReporter)
    // Provided once around everything: handlers inherit this context with each request.
    return yield* readFrames(live, pull, dispatch).pipe(
      Effect.annotateLogs({ connection: live.id }),
      Effect.provideService(Connection, connection),
      Effect.provideService(ErrorReporter.CurrentErrorReporters, reporters)
    )
  })
})

const makeSocketProtocol = Effect.fnUntraced(function*(requests: ReadonlyMap<string, Rpc.AnyWithProps>) {
  const limits = yield* Limits
  const connections = yield* Connections
  let write: Write | null = null

  const dispatch: Dispatch = {
    limits,
    kindOf: (tag) => {
      const rpc = requests.get(tag)
      if (rpc === undefined) return null
      return RpcSchema.isStreamSchema(rpc.successSchema) ? "stream" : "call"
    },
    handOver: makeHandOver(() => write)
  }
  const serve = yield* makeServe(dispatch)

  return SocketProtocol.of({
    isServing: Effect.sync(() => write !== null),
    serve: (request, peer, principal) =>
      serve(request, peer, principal).pipe(
        // Every end of a socket is an error of it to the platform; a failed upgrade was answered by it.
        Effect.catchTag(["SocketError", "HttpServerError"], () => Effect.void),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("serving a socket failed", cause)
        )
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
      send: makeSend(connections, makeExplain(requests)),
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
  return RpcServer.layer(group, { disableFatalDefects: true, disableTracing: true }).pipe(
    Layer.provide(rpcProtocol),
    Layer.provideMerge(protocol)
  )
}
