// Sockets between runners: a write to one that was closed fails at once, and a closed door admits nobody.
import { assert, describe, it } from "@effect/vitest"
import * as Net from "node:net"
import { NodeSocket } from "@effect/platform-node"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { NetAddress } from "effect/net"
import { SocketServer } from "effect/socket"
import { makeRunnerSockets } from "../../../src/layers/platform/runner-sockets.ts"

/** Closes what it is told to close. */
const peer = Effect.acquireRelease(
  Effect.promise(() =>
    new Promise<{ readonly port: number; readonly server: Net.Server; readonly inside: Set<Net.Socket> }>(
      (done) => {
        const inside = new Set<Net.Socket>()
        const server = Net.createServer((socket) => {
          inside.add(socket.on("error", () => {}))
        })
        server.listen(
          0,
          "127.0.0.1",
          () => done({ port: (server.address() as Net.AddressInfo).port, server, inside })
        )
      }
    )
  ),
  ({ inside, server }) =>
    Effect.sync(() => {
      for (const socket of inside) socket.destroy()
      server.close()
    })
)

const large = new Uint8Array(4_000_000)

const ended = (socket: Net.Socket) =>
  Effect.callback<boolean>((resume) => {
    socket.once("close", () => resume(Effect.succeed(true)))
  })

const listening = (secret: Redacted.Redacted | null, silence_max_ms?: number) =>
  Effect.gen(function*() {
    const sockets = makeRunnerSockets(secret, silence_max_ms)
    const built = yield* Layer.build(sockets.listen({ host: "127.0.0.1", port: 0 }))
    const server = Context.get(built, SocketServer.SocketServer)
    const arrived = yield* Deferred.make<Net.Socket>()
    const arriving = Effect.flatMap(NodeSocket.NetSocket, (conn) => Deferred.succeed(arrived, conn))
    // It gives the socket to whoever handles it, which its type does not know.
    const running: Effect.Effect<never> = server.run(() => Effect.andThen(arriving, Effect.never)) as never
    yield* Effect.forkScoped(running)
    if (server.address._tag === "UnixPathAddress") return assert.fail("it listens on no port")
    return { arrived, sockets, port: Number(NetAddress.formatInet(server.address).split(":").at(-1)) }
  })

const ways = [["plain", null], ["behind the secret", Redacted.make("s".repeat(32))]] as const

describe("a socket to another runner", () => {
  it.live("that the other end closed fails every write: none waits for it to drain", () =>
    Effect.gen(function*() {
      const { inside, port } = yield* peer
      const socket = yield* makeRunnerSockets(null).connect({ host: "127.0.0.1", port })
      const { pull } = yield* socket.reader
      const { write } = yield* socket.writer
      const waiting = yield* Effect.forkChild(Effect.exit(write(large)))
      yield* Effect.promise(async () => {
        while (inside.size === 0) await new Promise((go) => setImmediate(go))
      })
      for (const one of inside) one.destroy()
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.forever(pull))))
      assert.isTrue(Exit.isFailure(yield* Effect.timeout(Fiber.join(waiting), "2 seconds")))
      const writes = yield* Effect.timeout(
        Effect.all([Effect.exit(write(large)), Effect.exit(write(large))]),
        "2 seconds"
      )
      assert.deepStrictEqual(writes.map(Exit.isFailure), [true, true])
    }))

  for (const [how, secret] of ways) {
    it.live(`${how}, is cut by a door that closes, with every wait for it to drain`, () =>
      Effect.gen(function*() {
        const { arrived, port, sockets } = yield* listening(secret)
        const socket = yield* makeRunnerSockets(secret).connect({ host: "127.0.0.1", port })
        const { pull } = yield* socket.reader
        const { write } = yield* socket.writer
        // Nobody reads it: it fills up.
        const waiting = yield* Effect.forkChild(Effect.exit(Effect.forever(write(large))))
        yield* Deferred.await(arrived)
        sockets.door.close()
        assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.forever(pull))))
        assert.isTrue(Exit.isFailure(yield* Effect.timeout(Fiber.join(waiting), "2 seconds")))
        assert.isTrue(Exit.isFailure(yield* Effect.timeout(Effect.exit(write(large)), "2 seconds")))
      }))
  }

  for (const [how, secret] of ways) {
    it.live(`${how}, that is silent is cut on both ends: what comes later has no one who asked it`, () =>
      Effect.gen(function*() {
        const { arrived, port } = yield* listening(secret, 300)
        const socket = yield* makeRunnerSockets(secret, 300).connect({ host: "127.0.0.1", port })
        const { pull } = yield* socket.reader
        const { write } = yield* socket.writer
        const conn = yield* Deferred.await(arrived)
        const cut = Effect.all([Effect.exit(Effect.forever(pull)), ended(conn)], { concurrency: 2 })
        yield* Effect.timeout(cut, "2 seconds")
        assert.isTrue(conn.destroyed)
        assert.isTrue(Exit.isFailure(yield* Effect.timeout(Effect.exit(write(large)), "2 seconds")))
      }))
  }

  it.live("that has ended tells whoever begins to wait for its end", () =>
    Effect.gen(function*() {
      const { inside, port, server } = yield* peer
      const arrived = yield* Deferred.make<Net.Socket>()
      server.on("connection", (socket) => Deferred.doneUnsafe(arrived, Effect.succeed(socket)))
      const client = Net.connect(port, "127.0.0.1").on("error", () => {})
      const socket = yield* Deferred.await(arrived)
      makeRunnerSockets(null).door.admits(socket)
      const first = yield* Effect.forkChild(ended(socket), { startImmediately: true })
      client.destroy()
      socket.destroy()
      yield* Fiber.join(first)
      assert.isTrue(yield* Effect.timeout(ended(socket), "2 seconds"))
      assert.strictEqual(inside.size, 1)
    }))
})

describe("a runner's door", () => {
  it.live("cuts who is inside and admits nobody while it is closed", () =>
    Effect.gen(function*() {
      const { door } = makeRunnerSockets(null)
      const { inside, port, server } = yield* peer
      const arrived = yield* Deferred.make<Net.Socket>()
      server.on("connection", (socket) => Deferred.doneUnsafe(arrived, Effect.succeed(socket)))
      const client = Net.connect(port, "127.0.0.1").on("error", () => {})
      const socket = yield* Deferred.await(arrived)
      assert.isTrue(door.admits(socket))
      door.close()
      assert.isTrue(socket.destroyed)
      assert.isFalse(door.admits([...inside][0]!))
      door.open()
      client.destroy()
    }))
})
