// Sockets between runners: a write to one that was closed fails at once, and a closed door admits nobody.
import { assert, describe, it } from "@effect/vitest"
import * as Net from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
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

describe("a socket to another runner", () => {
  it.live("that the other end closed fails every write: none waits for it to drain", () =>
    Effect.gen(function*() {
      const { inside, port } = yield* peer
      const socket = yield* makeRunnerSockets().connect({ host: "127.0.0.1", port })
      const { pull } = yield* socket.reader
      const { write } = yield* socket.writer
      const waiting = yield* Effect.forkChild(Effect.exit(write(large)))
      yield* Effect.promise(async () => {
        while (inside.size === 0) await new Promise((go) => setImmediate(go))
      })
      for (const one of inside) one.destroy()
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.forever(pull))))
      const ended = yield* Effect.timeout(
        Effect.all([Effect.exit(write(large)), Effect.exit(write(large))]),
        "2 seconds"
      )
      assert.deepStrictEqual(ended.map(Exit.isFailure), [true, true])
      assert.isDefined(waiting)
    }))
})

describe("a runner's door", () => {
  it.live("cuts who is inside and admits nobody while it is closed", () =>
    Effect.gen(function*() {
      const { door } = makeRunnerSockets()
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
