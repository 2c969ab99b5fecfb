// What a socket is to the protocol: frames in, frames out, signs of life. A listener opens one over an
// upgraded request; the simulator opens one over its own network.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { Wire } from "./live-connection.ts"
import { webSocketOf } from "./tracked-web-socket.ts"

export interface Transport {
  readonly wire: Wire
  /** The frames that came since the last pull; fails when the socket is closed. */
  readonly pull: Effect.Effect<ReadonlyArray<string | Uint8Array>, Socket.SocketError>
  /**
   * `onHeard` at every sign of life, `onPinged` instead where the phone pings; `onOver` once, when both sides
   * have closed.
   */
  readonly listen: (onHeard: () => void, onOver: () => void, onPinged?: () => void) => void
}

// The platform's socket keeps the context it is made in, whole and copied, three times for each phone: it
// needs nothing of it.
const bare = Context.empty()

/** Upgrades the request, on a listener that tracks its WebSockets. */
export const upgraded = Effect.fnUntraced(function*(request: HttpServerRequest) {
  const socket = yield* Effect.setContext(request.upgrade, bare)
  const { pull } = yield* Effect.setContext(socket.reader, Context.make(Scope.Scope, yield* Effect.scope))
  const ws = webSocketOf(request)
  const transport: Transport = {
    wire: ws,
    pull,
    listen: (onHeard, onOver, onPinged = onHeard) => {
      ws.on("message", onHeard)
      ws.on("ping", onPinged)
      ws.on("pong", onHeard)
      ws.once("close", onOver)
    }
  }
  return transport
})
