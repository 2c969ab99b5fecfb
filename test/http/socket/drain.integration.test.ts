// Stopping a listener: it says so, takes no client in, lets calls finish within a bound, tells every socket
// when to come back, and is gone in time even when clients misbehave.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { connect as connectTcp, type Socket } from "node:net"
import { listening } from "./listening.ts"
import { connect, type Phone, refusedUpgrade, request } from "./phone.ts"

const restarting = (closed: { readonly code: number; readonly reason: string }): number => {
  assert.strictEqual(closed.code, 1012)
  assert.isAtMost(closed.reason.length, 123)
  const reason = JSON.parse(closed.reason)
  assert.strictEqual(reason.reason, "restarting")
  return reason.retry_after_ms
}

const get = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url)
    return { status: response.status, body: await response.json() }
  })

const timed = <A>(effect: Effect.Effect<A>) =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    yield* effect
    return (yield* Clock.currentTimeMillis) - before
  })

/** Bytes that never become a request, on a connection that is never closed from this side. */
const stubbornTcp = (port: number, bytes: string) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<Socket>((resolve) => {
        const socket = connectTcp(port, "127.0.0.1", () => socket.write(bytes, () => resolve(socket)))
        socket.on("error", () => {})
      })
    ),
    (socket) => Effect.sync(() => socket.destroy())
  )

const ended = (socket: Socket) =>
  Effect.promise(() =>
    new Promise<void>((resolve) => socket.destroyed ? resolve() : socket.once("close", () => resolve()))
  ).pipe(Effect.timeoutOrElse({
    duration: "4 seconds",
    orElse: () => Effect.die(new Error("the connection was left open"))
  }))

/** Until the server has received everything sent before: its WebSocket layer answers in order. */
const arrived = (phone: Phone) =>
  Effect.promise(() =>
    new Promise<void>((resolve) => {
      phone.ws.once("pong", () => resolve())
      phone.ws.ping()
    })
  )

describe("a listener that stops", () => {
  it.live("tells idle sockets and those with only streams to come back, each at its own time", () =>
    Effect.gen(function*() {
      const server = yield* listening({ returns_per_second: 10 })
      const phones = yield* Effect.all(Array.from({ length: 20 }, () => connect(server.url)))
      phones[0]!.send(request("s", "test.forever"), request("1", "test.who"))
      yield* phones[0]!.next
      const took = yield* timed(server.stop)
      const hints = (yield* Effect.forEach(phones, (phone) => phone.closed)).map(restarting)
      assert.isTrue(hints.every((hint) => hint >= 0 && hint <= 2_000))
      assert.isAbove(new Set(hints).size, 10)
      assert.isBelow(took, 1_500)
      assert.deepStrictEqual(server.observed.interrupted, ["test.forever"])
    }))

  it.live("answers what is in flight first, and reads nothing new meanwhile", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      phone.send(request("1", "test.slow"), request("2", "test.who"))
      yield* phone.next
      const stopping = yield* Effect.forkChild(server.stop)
      yield* server.logged("draining")
      assert.deepStrictEqual(yield* get(`${server.http}/readyz`), {
        status: 503,
        body: { status: "draining", reasons: ["draining"] }
      })
      assert.strictEqual((yield* get(`${server.http}/healthz`)).status, 200)
      const refused = yield* refusedUpgrade(server.url)
      assert.strictEqual(refused.status, 503)
      assert.isAbove(Number(refused.headers["retry-after"]), 0)
      // The balancer may know better the next time.
      const { retry_after_ms } = refused.body as { readonly retry_after_ms: number }
      assert.isTrue(retry_after_ms >= 100 && retry_after_ms <= 500, String(retry_after_ms))
      phone.send(request("3", "test.who"))
      yield* arrived(phone)
      yield* Deferred.succeed(server.observed.gate, undefined)
      assert.strictEqual((yield* phone.next).requestId, "1")
      restarting(yield* phone.closed)
      assert.deepStrictEqual(phone.received, [])
      yield* Fiber.join(stopping)
      yield* server.logged("\"calls_cut\":0")
    }))

  it.live("does not wait longer than its bound for a call, and says how many it cut", () =>
    Effect.gen(function*() {
      const server = yield* listening({ drain_in_flight_ms: 200 })
      const phone = yield* connect(server.url)
      phone.send(request("1", "test.slow"), request("2", "test.who"))
      yield* phone.next
      assert.isBelow(yield* timed(server.stop), 2_000)
      restarting(yield* phone.closed)
      assert.deepStrictEqual(server.observed.interrupted, ["test.slow"])
      yield* server.logged("\"calls_cut\":1")
    }))

  it.live("does not wait for a phone that left while it was not being read", () =>
    Effect.gen(function*() {
      const server = yield* listening({ drain_in_flight_ms: 10_000 })
      const phone = yield* connect(server.url)
      phone.send(request("1", "test.slow"), request("2", "test.who"))
      yield* phone.next
      const stopping = yield* Effect.forkChild(timed(server.stop))
      yield* server.logged("draining")
      phone.send(request("3", "test.who"))
      yield* arrived(phone)
      phone.ws.close()
      assert.isBelow(yield* Fiber.join(stopping), 2_000)
    }))

  it.live("is not held up by sockets that never close, nor by half requests and idle connections", () =>
    Effect.gen(function*() {
      const server = yield* listening({ drain_flush_ms: 200 })
      const deaf = yield* connect(server.url)
      deaf.ws.pause()
      const silent = yield* stubbornTcp(server.port, "")
      const half = yield* stubbornTcp(server.port, "GET /healthz HTTP/1.1\r\nHost:")
      const bodiless = yield* stubbornTcp(
        server.port,
        "POST /test/length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
      )
      yield* get(`${server.http}/healthz`)
      assert.isBelow(yield* timed(server.stop), 6_000)
      yield* server.logged("\"sockets_cut\":1")
      // Nothing stays behind in a process that may live on.
      yield* Effect.all([silent, half, bodiless].map(ended))
      const refused = yield* Effect.promise(() =>
        fetch(`${server.http}/healthz`).then(() => false, () => true)
      )
      assert.isTrue(refused, "the port is free again")
    }))
})
