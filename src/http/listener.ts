// One HTTP listener: a TCP port with bounded headers, bodies and waits, WebSockets that can be watched,
// and a stop that first lets the sockets leave in an orderly way. Both listeners are made of this.
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import { MaxBodySize } from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import type { Rpc, RpcGroup } from "effect/rpc"
import { createServer } from "node:http"
import type { Socket } from "node:net"
import * as SocketConnections from "./socket/connections.ts"
import { Limits, type SocketLimits } from "./socket/limits.ts"
import * as Revocations from "./socket/revocations.ts"
import * as SocketServer from "./socket/server.ts"
import { TrackedWebSocket } from "./socket/tracked-web-socket.ts"
import { layerJsonErrors } from "./refusal-response.ts"
import { layerDoor, selectSubprotocol } from "./socket/upgrade.ts"

/** Beyond the sockets we would accept: plain requests, and upgrades that are about to be refused. */
const spareTcpConnections = 1_000

const makeNodeServer = (limits: SocketLimits) => {
  const server = createServer({
    maxHeaderSize: 16_384,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
    // Low, because idle keep-alive connections hold up a stop for this long.
    keepAliveTimeout: 2_000
  })
  server.maxConnections = limits.connections_max + spareTcpConnections
  return server
}

/** Built between the server and its routes, so that on a stop it runs after their patience is over. */
const layerCutStragglers = (server: ReturnType<typeof createServer>) => {
  const open = new Set<Socket>()
  server.on("connection", (socket) => {
    open.add(socket)
    socket.once("close", () => open.delete(socket))
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
    const server = makeNodeServer(limits)
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

/** Runs first when the listener stops: nothing is read any more, and everybody hears when to come back. */
export const layerDrain = Layer.effectDiscard(Effect.gen(function*() {
  const connections = yield* SocketConnections.Connections
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(
      connections.drain,
      (report) =>
        report.connections === 0
          ? Effect.void
          : Effect.logInfo("sockets drained").pipe(Effect.annotateLogs({ ...report }))
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
    layerJsonErrors
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
