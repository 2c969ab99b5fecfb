// HTTP answers as a browser gets them from a running server: what each of them carries, and which pages may
// speak to the public listener at all.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect } from "node:net"
import { WebSocket } from "ws"
import { guardHeaders } from "../../src/http/guard-headers.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { startServer } from "../support/server-process.ts"
import { customer } from "../system/people.ts"

const listed = "https://app.halobestie.example"

const opens = (url: string, origin: string) =>
  new Promise<string>((resolve) => {
    const socket = new WebSocket(url, "halobestie.v1", { origin })
    socket.once("open", () => (socket.close(), resolve("open")))
    socket.once("error", (error) => resolve(error.message))
  })

/** All that is answered to this text, which must end the connection. */
const said = (host: string, port: number, text: string) =>
  Effect.promise(() =>
    new Promise<string>((resolve) => {
      let answer = ""
      const socket = connect(port, host, () => socket.write(text))
      socket.on("data", (bytes) => {
        answer += bytes.toString()
        socket.end()
      })
      socket.on("close", () => resolve(answer))
    })
  )

const handshake = (...lines: ReadonlyArray<string>) =>
  ["GET /ws HTTP/1.1", "host: x", "connection: upgrade", "upgrade: websocket", ...lines, "", ""].join("\r\n")
const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
const version = "sec-websocket-version: 13"

/** Refused by the HTTP parser or, if we let it, by the WebSocket driver. */
const withoutRoute = [
  ["no HTTP", 400, "hello\r\n\r\n"],
  ["a large head", 431, `GET / HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(20_000)}\r\n\r\n`],
  ["no key", 400, handshake(version)],
  ["a bad key", 400, handshake(version, "sec-websocket-key: abc")],
  ["an old version", 400, handshake(key, "sec-websocket-version: 7")],
  [
    "a doubled subprotocol",
    400,
    handshake(key, version, "sec-websocket-protocol: halobestie.v1,halobestie.v1")
  ],
  ["a malformed one", 400, handshake(key, version, "sec-websocket-protocol: halobestie.v1,a b")]
] as const

describe("the guard headers", () => {
  it.live(
    "carries them on every answer, those of paths that do not exist and of refusals too",
    () =>
      Effect.gen(function*() {
        const server = yield* Effect.flatMap(freshDatabaseUrl, (url) => startServer(url))
        const { hostname, port } = new URL(server.httpUrl)
        for (const [what, status, text] of withoutRoute) {
          const answer = yield* said(hostname, Number(port), text)
          assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), what)
          for (const [name, value] of Object.entries(guardHeaders)) {
            assert.include(answer.toLowerCase(), `\r\n${name}: ${value}`.toLowerCase(), `${what}: ${name}`)
          }
        }
        yield* Effect.promise(async () => {
          const asked = [
            ["GET", server.httpUrl, "/healthz"],
            ["GET", server.httpUrl, "/readyz"],
            ["GET", server.httpUrl, "/nothing-here"],
            ["GET", server.httpUrl, "/ws"],
            ["POST", server.httpUrl, "/api/webhooks/payments/builtin"],
            ["GET", server.internalUrl, "/metrics"],
            ["GET", server.internalUrl, "/health"],
            ["POST", server.internalUrl, "/rpc"],
            ["GET", server.internalUrl, "/"]
          ] as const
          for (const [method, base, path] of asked) {
            const answer = await fetch(`${base}${path}`, { method })
            await answer.body?.cancel()
            for (const [name, value] of Object.entries(guardHeaders)) {
              const said = answer.headers.get(name)
              const isOwnPolicy = path === "/" && name === "content-security-policy"
              assert.isTrue(
                isOwnPolicy ? said?.includes("frame-ancestors 'none'") : said === value,
                `${path}: ${name}`
              )
            }
          }
        })
      }).pipe(Effect.scoped),
    90_000
  )
})

describe("PUBLIC_ORIGINS", () => {
  it.live("turns pages away that are not listed, and no app", () =>
    Effect.gen(function*() {
      const server = yield* Effect.flatMap(
        freshDatabaseUrl,
        (url) => startServer(url, { PUBLIC_ORIGINS: `${listed},https://other.example` })
      )
      yield* Effect.promise(async () => {
        assert.strictEqual(await opens(server.socketUrl, listed), "open")
        assert.include(await opens(server.socketUrl, "https://evil.example"), "403")
        const get = (origin: string) => fetch(`${server.httpUrl}/healthz`, { headers: { origin } })
        const allowed = await get(listed)
        assert.strictEqual(allowed.headers.get("access-control-allow-origin"), listed)
        assert.strictEqual((await get("https://evil.example")).status, 403)
        assert.strictEqual((await get(server.httpUrl)).status, 200, "its own page")
        // An app sends no Origin.
        await customer(server)
      })
    }).pipe(Effect.scoped), 90_000)
})
