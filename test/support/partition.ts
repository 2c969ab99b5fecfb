// Preloaded into a runner (--import): on SIGUSR2 its runner port and its connections to the ports in
// PEER_PORTS fall silent, as behind a firewall that drops; on the next SIGUSR2 new ones work again.
// Needs no root.
import * as Net from "node:net"

const own = Number(process.env["RUNNER_PORT"])
const peers = new Set((process.env["PEER_PORTS"] ?? "").split(",").map(Number))
const wires = new Set<Net.Socket>()
let isCut = false

const silence = (socket: Net.Socket): void => {
  socket.write = () => true
  const emit = socket.emit.bind(socket)
  // Nothing arrives; that the socket was closed on this side does.
  socket.emit =
    ((event: string, ...rest: ReadonlyArray<unknown>) =>
      event === "readable" || event === "data" || event === "end" ? true : emit(event, ...rest)) as never
}

const follow = (socket: Net.Socket): void => {
  wires.add(socket)
  socket.once("close", () => wires.delete(socket))
  if (isCut) silence(socket)
}

process.on("SIGUSR2", () => {
  isCut = !isCut
  if (isCut) { for (const socket of wires) silence(socket) }
})

const connect = Net.Socket.prototype.connect as (...words: Array<unknown>) => Net.Socket
Net.Socket.prototype.connect = function(this: Net.Socket, ...words: Array<unknown>) {
  const [first] = words as [{ readonly port?: number } | ReadonlyArray<{ readonly port?: number }>]
  const port = Array.isArray(first) ? first[0]?.port : (first as { readonly port?: number }).port
  if (port === undefined || !peers.has(Number(port))) return connect.apply(this, words)
  if (isCut) return this
  follow(this)
  return connect.apply(this, words)
} as never

// As on another host, where the same loopback address is somebody else.
const listen = Net.Server.prototype.listen as (...words: Array<unknown>) => Net.Server
if (process.env["ANOTHER_HOST"] === "true") {
  Net.Server.prototype.listen = function(this: Net.Server, options: { readonly port?: number }, ...rest: []) {
    return listen.call(this, options.port === own ? { ...options, port: 0 } : options, ...rest)
  } as never
}

const emit = Net.Server.prototype.emit as (event: string, ...rest: Array<unknown>) => boolean
Net.Server.prototype.emit = function(this: Net.Server, event: string, ...rest: Array<unknown>) {
  const address = event === "connection" ? this.address() : null
  if (address !== null && typeof address === "object" && address.port === own) {
    const [socket] = rest as unknown as [Net.Socket]
    follow(socket)
    if (isCut) return true
  }
  return emit.call(this, event, ...rest)
} as never
