// The WebSocket behind an upgraded request: found, because the platform hands out a Socket that can only
// read, write and close, while pings, the unsent byte count and a hard cut need the driver's own object; and
// corked, so that what is said in one turn of the event loop leaves in one write.
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { Duplex } from "node:stream"
import { WebSocket } from "ws"
import { closeCodes } from "../../contract/close-codes.ts"

const byNetworkSocket = new WeakMap<object, WebSocket>()

/** What of the driver is done otherwise here. `setSocket` is called once, when the upgrade is done. */
interface Driver {
  setSocket(socket: Duplex, head: Buffer, options: unknown): void
  send(frame: string, done: () => void): void
  close(code?: number, reason?: string | Buffer): void
}

/** Bytes that may wait for the end of a turn of the event loop. */
const corkedMax = 64 * 1024

const DriverWebSocket = WebSocket as unknown as new(...options: Array<unknown>) => Driver

const driversOwn = [closeCodes.tooBig, closeCodes.tooManyFragments]

class Tracked extends DriverWebSocket {
  #socket: Duplex | null = null
  #isCorked = false

  override setSocket(socket: Duplex, head: Buffer, options: unknown): void {
    byNetworkSocket.set(socket, this as unknown as WebSocket)
    this.#socket = socket
    super.setSocket(socket, head, options)
  }

  /** An answer and the event of the same turn are two frames and one system call. */
  override send(frame: string, done: () => void): void {
    const socket = this.#socket
    if (socket === null) return super.send(frame, done)
    this.#cork(socket)
    super.send(frame, done)
    // What the operating system would take is not to look as if the phone were behind with reading.
    if (socket.writableLength > corkedMax) this.#uncork(socket)
  }

  #cork(socket: Duplex): void {
    if (this.#isCorked) return
    this.#isCorked = true
    socket.cork()
    setImmediate(() => this.#uncork(socket))
  }

  #uncork(socket: Duplex): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    socket.uncork()
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
