// One HTTP listener: a TCP port with bounded headers, bodies and waits, WebSockets that can be watched,
// and a stop that first lets the sockets leave in an orderly way. Both listeners are made of this.
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { MaxBodySize } from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import type { Rpc, RpcGroup } from "effect/rpc"
import { createServer } from "node:http"
import type { Socket } from "node:net"
import * as RealTime from "../services/platform/real-time.ts"
import { set } from "../services/operations/figures.ts"
import * as SocketConnections from "./socket/connections.ts"
import { layerGuardHeaders } from "./guard-headers.ts"
import { HeldPorts } from "./held-ports.ts"
import { ListenerWaits } from "./listener-waits.ts"
import { Limits, type SocketLimits } from "./socket/limits.ts"
import * as Revocations from "./socket/revocations.ts"
import * as SocketServer from "./socket/server.ts"
import { lastingListeners, TrackedWebSocket } from "./socket/tracked-web-socket.ts"
import { layerJsonErrors } from "./refusal-response.ts"
import { answerUnreadable } from "./unreadable-requests.ts"
import { layerDoor, selectSubprotocol } from "./socket/upgrade.ts"
import { passStep } from "../services/manual-clock/failpoints.ts"

/** Beyond the sockets we would accept: plain requests, and upgrades that are about to be refused. */
const spareTcpConnections = 1_000

const makeNodeServer = (limits: SocketLimits, waits: ListenerWaits) => {
  const server = createServer({
    maxHeaderSize: waits.header_max_bytes,
    headersTimeout: waits.headers_ms,
    requestTimeout: waits.request_ms,
    connectionsCheckingInterval: 5_000,
    // Idle ones are closed at once when the listener stops, so this holds nothing up.
    keepAliveTimeout: waits.keep_alive_ms
  })
  answerUnreadable(server)
  server.maxConnections = limits.connections_max + spareTcpConnections
  return server
}

/** Built between the server and its routes, so that on a stop it runs after their patience is over. */
const layerCutStragglers = (server: ReturnType<typeof createServer>) => {
  const open = new Set<Socket>()
  const forget = function(this: Socket): void {
    open.delete(this)
  }
  lastingListeners.add(forget)
  server.on("connection", (socket) => {
    open.add(socket)
    socket.on("close", forget)
  })
  return Layer.effectDiscard(
    Effect.andThen(
      HttpServer.HttpServer,
      Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const socket of open) socket.destroy()
        })
      )
    )
  )
}

const layerHttpServer = (address: { readonly host: string; readonly port: number }) =>
  Layer.unwrap(Effect.gen(function*() {
    const limits = yield* Limits
    const server = makeNodeServer(limits, yield* ListenerWaits)
    yield* (yield* HeldPorts)(address.port)
    const websocket = {
      maxPayload: limits.frame_max_bytes,
      // What is begun and never finished is kept: a byte a fragment costs a hundred and more in memory.
      maxFragments: limits.fragments_max,
      maxBufferedChunks: limits.buffered_chunks_max,
      perMessageDeflate: false,
      // We keep our own list.
      clientTracking: false,
      // For closes the other end began and does not complete; missing from the driver's types.
      closeTimeout: 2 * limits.close_flush_ms,
      handleProtocols: selectSubprotocol,
      WebSocket: TrackedWebSocket
    }
    const listening = NodeHttpServer.layer(() => server, {
      ...address,
      gracefulShutdownTimeout: limits.drain_requests_ms,
      websocket
    })
    return Layer.provideMerge(layerCutStragglers(server), listening)
  }))

/** The group's calls behind a door, and who is connected. */
export const layerSocketServer = <Rpcs extends Rpc.Any, A, E, R>(
  door: Layer.Layer<A, E, R>,
  group: RpcGroup.RpcGroup<Rpcs>
) =>
  door.pipe(
    Layer.provide(SocketServer.layer(group)),
    Layer.provide(Revocations.layer),
    Layer.provideMerge(SocketConnections.layer)
  )

/** The report says how long it took. */
const timedDrain = <A extends object>(drain: Effect.Effect<A>) =>
  Effect.map(Effect.timed(drain), ([took, report]) => {
    const drain_ms = Duration.toMillis(took)
    set("drain_ms", drain_ms)
    return { ...report, drain_ms }
  })

/** Runs first when the listener stops: nothing is read any more, and every phone hears when to come back. */
export const layerDrain = Layer.effectDiscard(Effect.gen(function*() {
  const connections = yield* SocketConnections.Connections
  const { drain_notice_ms } = yield* Limits
  const notice = RealTime.onRealTime(Effect.sleep(drain_notice_ms))
  yield* Effect.addFinalizer(() =>
    Effect.orDie(passStep("drain_began")).pipe(
      Effect.andThen(timedDrain(
        drain_notice_ms === 0
          ? connections.drain
          : Effect.map(Effect.all([connections.drain, notice], { concurrency: 2 }), ([report]) => report)
      )),
      Effect.flatMap((report) =>
        report.connections === 0
          ? Effect.void
          : Effect.logInfo("sockets drained").pipe(Effect.annotateLogs({ ...report }))
      ),
      Effect.andThen(Effect.orDie(passStep("phones_sent_away")))
    )
  )
}))

export interface ListenerOptions<Rpcs extends Rpc.Any, A, E, R> {
  readonly host: string
  /** 0 takes a free one; the `HttpServer` in the output knows which. */
  readonly port: number
  readonly path: HttpRouter.PathInput
  readonly group: RpcGroup.RpcGroup<Rpcs>
  /** Further routes of this listener, added to its own router. */
  readonly routes: Layer.Layer<A, E, R>
}

export const layerListener = <Rpcs extends Rpc.Any, A, E, R>(options: ListenerOptions<Rpcs, A, E, R>) => {
  const bodyLimit = Layer.effect(
    MaxBodySize,
    Effect.map(Limits, (limits) => ByteSize.bytes(limits.body_max_bytes))
  )
  const app = Layer.mergeAll(
    layerSocketServer(layerDoor(options.path), options.group),
    options.routes,
    layerJsonErrors,
    layerGuardHeaders
  )
  // Requests are too many to log one by one, and a socket's would be logged when it closes.
  const serving = HttpRouter.serve(app, { disableLogger: true, disableListenLog: true })
  const listener = layerDrain.pipe(
    Layer.provideMerge(serving),
    Layer.provide(bodyLimit),
    Layer.provideMerge(layerHttpServer(options))
  )
  // Layers are shared by reference: without this, two listeners of one process would share their
  // connections and their drain.
  return Layer.fresh(listener)
}
