// TCP between runners. A socket that is closed says so to whoever writes: Effect's waits without end for the
// `drain` of a closed one. One that is silent is cut on both ends, because what arrives on it later was asked
// by somebody who has gone away. And a runner may close its door, as one that is not there.
import * as Net from "node:net"
import { NodeSocket, NodeSocketServer } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Socket, SocketServer } from "effect/socket"

/** Runners ask each other more often than once a second. */
const silenceMaxMs = 5_500
const openWithin = "1 second"

/** A write to a closed socket fails; in Node it only returns false, as one that should wait for `drain`. */
const honest = (conn: Net.Socket): Net.Socket => {
  const write = conn.write.bind(conn) as (...args: ReadonlyArray<unknown>) => boolean
  conn.write = ((...args: ReadonlyArray<unknown>) => {
    if (conn.destroyed || conn.writableEnded) throw new Error("the socket is closed")
    return write(...args)
  }) as typeof conn.write
  conn.setTimeout(silenceMaxMs, () => conn.destroy(new Error("the other runner is silent")))
  return conn
}

interface Address {
  readonly host: string
  readonly port: number
}

const dial = ({ host, port }: Address) =>
  Effect.gen(function*() {
    const conn = Net.createConnection({ host, port, noDelay: true })
    // Before the wait: one that never opens is given up like any other.
    yield* Effect.addFinalizer(() => Effect.sync(() => conn.connecting ? conn.destroy() : conn.destroySoon()))
    return yield* Effect.callback<Net.Socket, Socket.SocketError>((resume) => {
      conn.once("connect", () => resume(Effect.succeed(honest(conn))))
      conn.on("error", (cause) =>
        resume(Effect.fail(
          new Socket.SocketError({ reason: new Socket.SocketOpenError({ kind: "Unknown", cause }) })
        )))
    })
  })

const connect = (to: Address): Effect.Effect<Socket.Socket> =>
  NodeSocket.fromDuplex(dial(to), { openTimeout: openWithin })

/** Which connections others have opened, and whether they may. */
const makeDoor = () => {
  const inside = new Set<Net.Socket>()
  let isOpen = true
  return {
    open: () => {
      isOpen = true
    },
    close: () => {
      isOpen = false
      for (const conn of inside) conn.destroy()
    },
    /** False for whoever comes to a closed one. */
    admits: (conn: Net.Socket): boolean => {
      if (!isOpen) {
        conn.destroy()
        return false
      }
      inside.add(honest(conn))
      conn.once("close", () => inside.delete(conn))
      return true
    }
  }
}

type Door = ReturnType<typeof makeDoor>

const guarded = (server: SocketServer.SocketServer["Service"], door: Door) =>
  SocketServer.SocketServer.of({
    ...server,
    run: (handler) =>
      server.run((socket) =>
        Effect.flatMap(NodeSocket.NetSocket, (conn) => door.admits(conn) ? handler(socket) : Effect.void)
      ) as never
  })

const listen = (at: Address, door: Door) =>
  Layer.effect(SocketServer.SocketServer)(
    Effect.map(
      NodeSocketServer.make({ host: at.host, port: at.port, noDelay: true }),
      (server) => guarded(server, door)
    )
  )

/** Of one runner. */
export const makeRunnerSockets = () => {
  const door = makeDoor()
  return { door, connect, listen: (at: Address) => listen(at, door) }
}
