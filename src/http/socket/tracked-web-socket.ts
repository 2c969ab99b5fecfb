// The WebSocket behind an upgraded request: found, because the platform hands out a Socket that can only
// read, write and close, while pings, the unsent byte count and a hard cut need the driver's own object;
// listened to by one function for all phones; and corked, so that what is said in one turn of the event loop
// leaves in one write.
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { Duplex } from "node:stream"
import { WebSocket } from "ws"
import { closeCodes } from "../../contract/close-codes.ts"
import type { Wire } from "./live-connection.ts"
import type { Listener, Transport } from "./transport.ts"

const byNetworkSocket = new WeakMap<object, Tracked>()

/** What of the driver is done otherwise here. `setSocket` is called once, when the upgrade is done. */
interface Driver extends Wire {
  setSocket(socket: Duplex, head: Buffer, options: unknown): void
  send(frame: string, done: () => void): void
  close(code?: number, reason?: string | Buffer): void
  on(event: string, listener: (...given: Array<never>) => void): void
  removeAllListeners(): void
  pause(): void
  resume(): void
}

/** Listeners to a connection's end that stay when it becomes a WebSocket. */
export const lastingListeners = new WeakSet<Function>()

/** For as long as the request is not upgraded: they keep all of it, and a fiber. */
const dropRequestListeners = (socket: Duplex): void => {
  for (const event of ["close", "error"]) {
    for (const listener of socket.listeners(event) as Array<() => void>) {
      if (!lastingListeners.has(listener)) socket.off(event, listener)
    }
  }
}

/** Bytes that may wait for the end of a turn of the event loop. */
const corkedMax = 64 * 1024

const DriverWebSocket = WebSocket as unknown as new(...options: Array<unknown>) => Driver

const driversOwn = [closeCodes.tooBig, closeCodes.tooManyFragments]

type Data = string | Uint8Array

// One of each for all sockets: the driver calls them on the socket.
function onMessage(this: Tracked, data: Uint8Array | ArrayBuffer, isBinary: boolean): void {
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data
  this.receive(isBinary ? bytes : bytes.toString())
}
function onPing(this: Tracked): void {
  this.listener?.pinged()
}
function onPong(this: Tracked): void {
  this.listener?.ponged()
}
function onClose(this: Tracked): void {
  this.end()
}
const ignored = (): void => {}

class Tracked extends DriverWebSocket implements Transport {
  #socket: Duplex | null = null
  #isCorked = false
  listener: Listener | null = null
  /** What came before somebody listened. */
  #early: Array<Data> = []
  #isOver = false

  override setSocket(socket: Duplex, head: Buffer, options: unknown): void {
    byNetworkSocket.set(socket, this)
    this.#socket = socket
    dropRequestListeners(socket)
    super.setSocket(socket, head, options)
    this.#listenToDriver()
  }

  #listenToDriver(): void {
    this.on("message", onMessage)
    this.on("ping", onPing)
    this.on("pong", onPong)
    this.on("close", onClose)
  }

  /**
   * The platform's reading of this socket is over before it began: with its listeners goes all it keeps, and
   * nothing has to be closed, which would be told as an error, with a stack, for each phone.
   */
  takeOver(): void {
    this.removeAllListeners()
    this.#listenToDriver()
    // The driver closes after an error, and one that nobody listens to would end the process.
    this.on("error", ignored)
  }

  get wire(): Wire {
    return this
  }

  get transport(): Transport {
    return this
  }

  listen(to: Listener): void {
    this.listener = to
    for (const data of this.#early.splice(0)) to.frame(data)
    if (this.#isOver) to.over()
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.pause()
    else this.resume()
  }

  receive(data: Data): void {
    if (this.listener === null) this.#early.push(data)
    else this.listener.frame(data)
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.listener?.over()
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
    super.close(code, why === undefined ? reason : closeReason(why.reason, why.limit?.retry_after_ms))
    if (why !== undefined) this.listener?.closing(why)
  }
}

/** For the `WebSocket` option of the platform's WebSocket server. */
export const TrackedWebSocket = Tracked as unknown as typeof WebSocket

/** Close reasons are JSON, so that a client reads all of them the same way. At most 123 bytes. */
export const closeReason = (reason: string, retryAfterMs?: number): string =>
  JSON.stringify(retryAfterMs === undefined ? { reason } : { reason, retry_after_ms: retryAfterMs })

/** Only after the upgrade has happened, on a listener that uses `TrackedWebSocket`. */
export const webSocketOf = (request: HttpServerRequest): Tracked => {
  const found = byNetworkSocket.get(NodeHttpServerRequest.toIncomingMessage(request).socket)
  if (found === undefined) throw new Error("this listener does not track its WebSockets")
  return found
}
