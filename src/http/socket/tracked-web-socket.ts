// Finds the WebSocket behind an upgraded request. The platform hands out a Socket that can only read,
// write and close; pings, the unsent byte count and a hard cut need the driver's own object.
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { Duplex } from "node:stream"
import { WebSocket } from "ws"
import { closeCodes } from "../../contract/close-codes.ts"

const byNetworkSocket = new WeakMap<object, WebSocket>()

/** The part of the driver that its types leave out: it is called once, when the upgrade is done. */
interface SocketReceiver {
  setSocket(socket: Duplex, head: Buffer, options: unknown): void
}

const DriverWebSocket = WebSocket as unknown as new(...options: Array<unknown>) => WebSocket & SocketReceiver

const driversOwn = [closeCodes.tooBig, closeCodes.tooManyFragments]

class Tracked extends DriverWebSocket {
  override setSocket(socket: Duplex, head: Buffer, options: unknown): void {
    byNetworkSocket.set(socket, this)
    super.setSocket(socket, head, options)
  }

  override close(code?: number, reason?: string | Buffer): void {
    // The driver closes by itself when a frame is too large or in too many parts, without saying why.
    const why = reason === undefined ? driversOwn.find((one) => one.code === code) : undefined
    super.close(code, why === undefined ? reason : closeReason(why.reason))
  }
}

/** For the `WebSocket` option of the platform's WebSocket server. */
export const TrackedWebSocket = Tracked as unknown as typeof WebSocket

/** Close reasons are JSON, so that a client reads all of them the same way. At most 123 bytes. */
export const closeReason = (reason: string, retryAfterMs?: number): string =>
  JSON.stringify(retryAfterMs === undefined ? { reason } : { reason, retry_after_ms: retryAfterMs })

/** Only after the upgrade has happened, on a listener that uses `TrackedWebSocket`. */
export const webSocketOf = (request: HttpServerRequest): WebSocket => {
  const found = byNetworkSocket.get(NodeHttpServerRequest.toIncomingMessage(request).socket)
  if (found === undefined) throw new Error("this listener does not track its WebSockets")
  return found
}
