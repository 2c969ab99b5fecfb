// What a socket is to the protocol: frames in, frames out, signs of life. A listener opens one over an
// upgraded request; the simulator opens one over its own network.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Scope from "effect/Scope"
import type { CloseCode } from "../../contract/close-codes.ts"
import type { Wire } from "./live-connection.ts"
import { webSocketOf } from "./tracked-web-socket.ts"

/** Who listens to a socket. Nothing here waits: what is called back takes no fiber while a phone is quiet. */
export interface Listener {
  readonly frame: (data: string | Uint8Array) => void
  /** Signs of life that are no frames. */
  readonly pinged: () => void
  readonly ponged: () => void
  /** The driver closes it by itself: what came is more than it takes. */
  readonly closing: (code: CloseCode) => void
  /** Both sides have closed: once, and last. */
  readonly over: () => void
}

export interface Transport {
  readonly wire: Wire
  /** What came before is told at once. */
  readonly listen: (to: Listener) => void
  /** While held, little more comes in than what is on its way already. */
  readonly hold: (isHeld: boolean) => void
}

// The platform's socket keeps the context it is made in, whole and copied, three times for each phone: it
// needs nothing of it.
const bare = Context.empty()

/**
 * Upgrades the request, on a listener that tracks its WebSockets. The platform's own reading of the socket
 * ends with the handshake, whose scope is left to the collector: it keeps a queue and the request.
 */
export const upgraded = Effect.fnUntraced(function*(request: HttpServerRequest) {
  const handshake = Scope.makeUnsafe()
  const shaken = Effect.gen(function*() {
    const socket = yield* Effect.setContext(request.upgrade, bare)
    yield* Effect.setContext(socket.reader, Context.make(Scope.Scope, handshake))
  })
  yield* Effect.onError(shaken, () => Scope.close(handshake, Exit.void))
  const socket = webSocketOf(request)
  socket.takeOver()
  return socket.transport
})
