// The plain HTTP side of a listener: probes, bounds, and errors in the wire's own words.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect as connectTcp } from "node:net"
import { listening } from "./listening.ts"
import { connect, refusedUpgrade, request } from "./phone.ts"

const ask = (url: string, init: RequestInit = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    const body: any = await response.json()
    return { status: response.status, body }
  })

/** A request as bytes, answered or not until the server closes. */
const speak = (port: number, bytes: string) =>
  Effect.promise(() =>
    new Promise<string>((resolve, reject) => {
      let text = ""
      const socket = connectTcp(port, "127.0.0.1", () => socket.write(bytes))
      socket.on("data", (data) => (text += data.toString()))
      socket.on("close", () => resolve(text))
      socket.on("error", reject)
    })
  )

describe("the probes", () => {
  it.live("say alive always, and ready only when no reason speaks against it", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      assert.deepStrictEqual(yield* ask(`${server.http}/readyz`), { status: 200, body: { status: "ready" } })
      yield* server.readiness.raise("postgres_down")
      yield* server.readiness.raise("schema_mismatch")
      assert.deepStrictEqual(yield* ask(`${server.http}/readyz`), {
        status: 503,
        body: { status: "schema_mismatch", reasons: ["schema_mismatch", "postgres_down"] }
      })
      yield* server.readiness.clear("schema_mismatch")
      yield* server.readiness.clear("postgres_down")
      assert.strictEqual((yield* ask(`${server.http}/readyz`)).status, 200)
      assert.deepStrictEqual(yield* ask(`${server.http}/healthz`), { status: 200, body: { status: "alive" } })
    }))

  it.live("of a server that is starting keep sockets out; without Postgres they may still come", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      yield* server.readiness.raise("starting")
      assert.strictEqual((yield* refusedUpgrade(server.url)).status, 503)
      yield* server.readiness.clear("starting")
      yield* server.readiness.raise("postgres_down")
      const phone = yield* connect(server.url)
      phone.send(request("1", "test.who"))
      assert.strictEqual((yield* phone.next).exit._tag, "Success")
    }))
})

describe("a plain request", () => {
  it.live("to a path that does not exist, by any method, is 404 with a refusal", () =>
    Effect.gen(function*() {
      const { http } = yield* listening()
      for (const [method, path] of [["GET", "/"], ["POST", "/healthz"], ["PUT", "/ws"], ["GET", "/../etc"]]) {
        const { body, status } = yield* ask(`${http}${path}`, { method: method! })
        assert.strictEqual(status, 404)
        assert.deepStrictEqual([body._tag, body.code], ["Refusal", "NOT_FOUND"])
      }
    }))

  it.live("to the socket's path is told to upgrade", () =>
    Effect.gen(function*() {
      const { body, status } = yield* ask(`${(yield* listening()).http}/ws`)
      assert.strictEqual(status, 426)
      assert.strictEqual(body.code, "BAD_REQUEST")
    }))

  it.live("with a body of 64 KiB is read, one byte more is 413", () =>
    Effect.gen(function*() {
      const { http } = yield* listening()
      const post = (length: number) =>
        ask(`${http}/test/length`, { method: "POST", body: "x".repeat(length) })
      assert.deepStrictEqual(yield* post(65_536), { status: 200, body: { length: 65_536 } })
      const { body, status } = yield* post(65_537)
      assert.strictEqual(status, 413)
      assert.strictEqual(body.code, "BAD_REQUEST")
    }))

  it.live("to a route that dies is 500 with a reference and no cause; the log has it", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const { body, status } = yield* ask(`${server.http}/test/die`)
      assert.strictEqual(status, 500)
      assert.strictEqual(body._tag, "TryAgain")
      assert.notInclude(JSON.stringify(body), "secret")
      assert.strictEqual(server.log.filter((line) => line.includes("secret: route")).length, 1)
    }))

  it.live("that is not HTTP, or has endless headers, is refused without harm", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      assert.match(yield* speak(server.port, "hello\r\n\r\n"), /^HTTP\/1.1 400 /)
      const headers = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`
      assert.match(yield* speak(server.port, headers), /^HTTP\/1.1 431 /)
      assert.strictEqual((yield* ask(`${server.http}/healthz`)).status, 200)
    }))
})
