// Connections between runners, plain or behind RUNNER_SECRET. A closed socket says so to whoever writes, or
// waits for it to drain: Effect's wait would not end. A silent one is cut on both ends, because what arrives
// on it later was asked by somebody who has gone away. And a runner may close its door, as if not there.
import * as Net from "node:net"
import { NodeSocket, NodeSocketServer } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { Socket, SocketServer } from "effect/socket"
import { connectingBehind, listeningBehind } from "./runner-tls.ts"

/** Runners ask each other more often than once a second. */
const silenceMaxMs = 5_500
const openWithin = "1 second"

/**
 * A write to a closed socket fails; in Node it only returns false, as one that should wait for `drain`. And
 * whoever begins to listen for the end of a socket that has ended is told at once.
 */
const honest = (conn: Net.Socket, silence_max_ms: number): Net.Socket => {
  const write = conn.write.bind(conn) as (...args: ReadonlyArray<unknown>) => boolean
  conn.write = ((...args: ReadonlyArray<unknown>) => {
    if (conn.destroyed || conn.writableEnded) throw new Error("the socket is closed")
    return write(...args)
  }) as typeof conn.write
  conn.on("newListener", (event, listener: (hadError: boolean) => void) => {
    if (event === "close" && conn.closed) process.nextTick(listener, conn.errored !== null)
  })
  conn.setTimeout(silence_max_ms, () => conn.destroy(new Error("the other runner is silent")))
  return conn
}

interface Address {
  readonly host: string
  readonly port: number
}

type Secrets = Redacted.Redacted | null

const makeConnect = (secrets: Secrets, silence_max_ms: number) => {
  const behind = secrets === null ? null : connectingBehind(secrets)
  const dial = ({ host, port }: Address) =>
    Effect.gen(function*() {
      const tcp = Net.createConnection({ host, port, noDelay: true })
      const conn = behind === null ? tcp : behind(tcp)
      let isOpen = false
      // Before the wait: one that never opens is given up like any other.
      yield* Effect.addFinalizer(() => Effect.sync(() => isOpen ? conn.destroySoon() : conn.destroy()))
      return yield* Effect.callback<Net.Socket, Socket.SocketError>((resume) => {
        conn.once(behind === null ? "connect" : "secureConnect", () => {
          isOpen = true
          resume(Effect.succeed(honest(conn, silence_max_ms)))
        })
        conn.on("error", (cause) =>
          resume(Effect.fail(
            new Socket.SocketError({ reason: new Socket.SocketOpenError({ kind: "Unknown", cause }) })
          )))
      })
    })
  return (to: Address): Effect.Effect<Socket.Socket> =>
    NodeSocket.fromDuplex(dial(to), { openTimeout: openWithin })
}

/** Which connections others have opened, and whether they may. */
const makeDoor = (silence_max_ms: number) => {
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
      inside.add(honest(conn, silence_max_ms))
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

const listen = (secrets: Secrets, at: Address, door: Door) => {
  const options = { host: at.host, port: at.port, noDelay: true }
  const server = secrets === null
    ? NodeSocketServer.make(options)
    : NodeSocketServer.makeTls({ ...options, ...listeningBehind(secrets) })
  return Layer.effect(SocketServer.SocketServer)(Effect.map(server, (made) => guarded(made, door)))
}

/** Of one runner; without secrets only where nobody else reaches it. */
export const makeRunnerSockets = (secrets: Secrets, silence_max_ms = silenceMaxMs) => {
  const door = makeDoor(silence_max_ms)
  return {
    door,
    connect: makeConnect(secrets, silence_max_ms),
    listen: (at: Address) => listen(secrets, at, door)
  }
}
