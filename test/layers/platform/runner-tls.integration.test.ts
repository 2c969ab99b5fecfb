// The runner port over a real TCP connection: a runner with the secret, or with the one before, is let in and
// understood; nobody else gets an answer, whatever they speak.
import { assert, describe, it } from "@effect/vitest"
import { connect as connectPlain } from "node:net"
import { connect as connectTls } from "node:tls"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { NetAddress } from "effect/net"
import * as Redacted from "effect/Redacted"
import { SocketServer } from "effect/socket"
import { makeRunnerSockets } from "../../../src/layers/platform/runner-sockets.ts"

const [now, before, stranger] = ["n", "b", "s"].map((letter) => letter.repeat(32)) as [string, string, string]

/** Answers every chunk with itself. */
const echoing = Effect.fnUntraced(function*(...secrets: ReadonlyArray<string>) {
  const listening = yield* Layer.build(
    makeRunnerSockets(Redacted.make(secrets.join(","))).listen({ host: "127.0.0.1", port: 0 })
  )
  const server = Context.get(listening, SocketServer.SocketServer)
  yield* Effect.forkScoped(server.run((socket) =>
    Effect.scoped(Effect.gen(function*() {
      const { pull } = yield* socket.reader
      const { write } = yield* socket.writer
      while (true) for (const chunk of yield* pull) yield* write(chunk)
    })).pipe(Effect.ignore)
  ))
  if (server.address._tag === "UnixPathAddress") return assert.fail("it listens on no port")
  return Number(NetAddress.formatInet(server.address).split(":").at(-1))
})

const saidBack = (secret: string, port: number) =>
  Effect.scoped(Effect.gen(function*() {
    const socket = yield* makeRunnerSockets(Redacted.make(secret)).connect({ host: "127.0.0.1", port })
    const { write } = yield* socket.writer
    yield* Effect.forkScoped(write("hello"))
    const { pull } = yield* socket.reader
    return new TextDecoder().decode((yield* pull)[0] as Uint8Array)
  }))

/** What a stranger's socket hears until it is closed. */
const heardBy = (socket: ReturnType<typeof connectPlain>) =>
  Effect.promise(() =>
    new Promise<string>((resolve) => {
      let heard = ""
      socket.on("data", (data) => (heard += data.toString("latin1")))
      socket.on("error", () => undefined)
      socket.on("close", () => resolve(heard))
      socket.write("POST / HTTP/1.1\r\n\r\n")
    })
  )

describe("the runner port behind a secret", () => {
  it.live("lets a runner in that knows the secret, or the one before", () =>
    Effect.scoped(Effect.gen(function*() {
      const port = yield* echoing(now, before)
      assert.strictEqual(yield* saidBack(now, port), "hello")
      assert.strictEqual(yield* saidBack(before, port), "hello")
    })))

  it.live("lets nobody in with another secret", () =>
    Effect.scoped(Effect.gen(function*() {
      const port = yield* echoing(now, before)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(saidBack(stranger, port))))
    })))

  it.live("answers neither plain TCP nor TLS without the key", () =>
    Effect.scoped(Effect.gen(function*() {
      const port = yield* echoing(now)
      const plain = yield* heardBy(connectPlain(port, "127.0.0.1"))
      assert.notInclude(plain, "POST")
      const tls = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false })
      assert.strictEqual(yield* heardBy(tls), "")
    })))
})
