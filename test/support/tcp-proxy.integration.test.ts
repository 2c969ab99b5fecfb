// The proxy itself: what it makes late stays in order, or what a test finds through it may be its own
// fault.
import { assert, describe, it } from "@effect/vitest"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import { tcpProxy } from "./tcp-proxy.ts"

const echoing = Effect.acquireRelease(
  Effect.callback<Net.Server>((resume) => {
    const server = Net.createServer((socket) => socket.on("error", () => {}).pipe(socket))
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
)

/** Everything that came until the other end closed. */
const heardOn = (socket: Net.Socket) =>
  new Promise<string>((resolve) => {
    let heard = ""
    socket.on("data", (data) => (heard += data.toString()))
    socket.on("close", () => resolve(heard))
  })

const said = (socket: Net.Socket, text: string) =>
  Effect.callback<void>((resume) => {
    socket.write(text, () => setImmediate(() => resume(Effect.void)))
  })

describe("a way that becomes slow and quick again", () => {
  it.live("lets nothing overtake what is late, and ends after the last of it", () =>
    Effect.gen(function*() {
      const { port } = (yield* echoing).address() as Net.AddressInfo
      const way = yield* tcpProxy(`http://127.0.0.1:${port}`)
      const socket = Net.connect({ port: Number(new URL(way.url).port), host: "127.0.0.1", noDelay: true })
      const heard = heardOn(socket)
      yield* said(socket, "one ")
      yield* way.slow(150)
      yield* Effect.sleep("20 millis")
      yield* said(socket, "two ")
      yield* Effect.sleep("20 millis")
      yield* way.slow(0)
      yield* said(socket, "three")
      yield* Effect.sleep("20 millis")
      socket.end()
      assert.strictEqual(yield* Effect.promise(() => heard), "one two three")
    }))
})
