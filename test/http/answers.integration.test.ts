// HTTP answers as a browser gets them from a running server: what each of them carries, and which pages may
// speak to the public listener at all.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
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

describe("the guard headers", () => {
  it.live(
    "carries them on every answer, those of paths that do not exist and of refusals too",
    () =>
      Effect.gen(function*() {
        const server = yield* Effect.flatMap(freshDatabaseUrl, (url) => startServer(url))
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
