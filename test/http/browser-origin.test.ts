// Which web pages may speak to the control center's listener: exactly the configured one. Clients other than
// browsers send no Origin and are not asked.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { layerBrowserOrigin, type OwnPage } from "../../src/http/browser-origin.ts"
import { layerJsonErrors } from "../../src/http/refusal-response.ts"

const page = "https://cc.halobestie.example"
const strangers = [
  "https://cc.halobestie.example.evil.example",
  "http://cc.halobestie.example",
  "https://cc.halobestie.example:8443",
  "https://halobestie.example",
  "null"
]

/** A listener with one call and one socket's door, and how often either was reached. */
const listener = (origin: string | null, own: OwnPage | null = null) => {
  const reached: Array<string> = []
  const answer = (what: string) =>
    Effect.sync(() => {
      reached.push(what)
      return HttpServerResponse.text(what)
    })
  const routes = HttpRouter.use((router) =>
    Effect.andThen(router.add("POST", "/rpc", answer("call")), router.add("GET", "/ws", answer("socket")))
  )
  const app = Layer.mergeAll(routes, layerJsonErrors, layerBrowserOrigin(origin, own))
  const { dispose, handler } = HttpRouter.toWebHandler(app, { disableLogger: true })
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>>) =>
    Effect.promise(() => handler(new Request(`http://localhost${path}`, { method, headers })))
  return { ask, reached, dispose: Effect.promise(dispose) }
}

const within = <A, E>(
  origin: string | null,
  story: (of: ReturnType<typeof listener>) => Effect.Effect<A, E>,
  own: OwnPage | null = null
) => Effect.acquireUseRelease(Effect.sync(() => listener(origin, own)), story, ({ dispose }) => dispose)

const preflight = { "access-control-request-method": "POST" }
const allowed = (response: Response) => response.headers.get("access-control-allow-origin")

describe("the control center's page", () => {
  it.effect("is told before its call that it may, and may read the answer, errors too", () =>
    within(page, ({ ask, reached }) =>
      Effect.gen(function*() {
        const before = yield* ask("OPTIONS", "/rpc", {
          origin: page,
          ...preflight,
          "access-control-request-headers": "authorization,content-type"
        })
        assert.strictEqual(before.status, 204)
        assert.strictEqual(allowed(before), page)
        assert.strictEqual(before.headers.get("vary"), "Origin")
        assert.strictEqual(before.headers.get("access-control-allow-methods"), "GET, POST")
        assert.strictEqual(before.headers.get("access-control-allow-headers"), "authorization, content-type")
        assert.isNull(before.headers.get("access-control-allow-credentials"))
        assert.deepStrictEqual(reached, [])
        assert.strictEqual(allowed(yield* ask("POST", "/rpc", { origin: page })), page)
        const nowhere = yield* ask("GET", "/nowhere", { origin: page })
        assert.deepStrictEqual([nowhere.status, allowed(nowhere)], [404, page])
        assert.deepStrictEqual(reached, ["call"])
      })))

  it.effect("may open a socket", () =>
    within(page, ({ ask, reached }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask("GET", "/ws", { origin: page })).status, 200)
        assert.deepStrictEqual(reached, ["socket"])
      })))
})

describe("any other page", () => {
  it.effect("reaches neither a call nor a socket, and is not told whose page may", () =>
    within(page, ({ ask, reached }) =>
      Effect.gen(function*() {
        for (const origin of strangers) {
          const answers = [
            yield* ask("OPTIONS", "/rpc", { origin, ...preflight }),
            yield* ask("POST", "/rpc", { origin }),
            yield* ask("GET", "/ws", { origin })
          ]
          assert.deepStrictEqual(answers.map((each) => [each.status, allowed(each)]), [
            [403, null],
            [403, null],
            [403, null]
          ])
          const [first] = answers
          const text = yield* Effect.promise(async () => await first?.text() ?? "")
          assert.include(text, "FORBIDDEN")
          assert.notInclude(text, page)
        }
        assert.deepStrictEqual(reached, [])
      })))

  it.effect("is every page while none is configured", () =>
    within(null, ({ ask, reached }) =>
      Effect.gen(function*() {
        for (const origin of [page, ...strangers]) {
          assert.strictEqual((yield* ask("POST", "/rpc", { origin })).status, 403)
        }
        assert.deepStrictEqual(reached, [])
      })))
})

describe("a client that is no browser", () => {
  for (const origin of [page, null]) {
    it.effect(`is served as ever while ${origin ?? "no page"} is configured`, () =>
      within(origin, ({ ask, reached }) =>
        Effect.gen(function*() {
          const answer = yield* ask("POST", "/rpc", {})
          assert.deepStrictEqual([answer.status, allowed(answer)], [200, null])
          yield* ask("GET", "/ws", {})
          assert.deepStrictEqual(reached, ["call", "socket"])
        })))
  }
})

describe("a listener with a page of its own", () => {
  const own = { hosts: ["console.internal"] }
  const hosts = ["localhost:3001", "127.0.0.1:3001", "[::1]:3001", "10.1.2.3", "console.internal:3001"]

  it.effect("lets that page call it, under every name it is reached by", () =>
    within(null, ({ ask, reached }) =>
      Effect.gen(function*() {
        for (const host of hosts) {
          const answer = yield* ask("POST", "/rpc", { host, origin: `http://${host}` })
          assert.strictEqual(answer.status, 200, host)
        }
        assert.lengthOf(reached, hosts.length)
      }), own))

  it.effect("gives nothing to another site whose name leads here, with or without an origin", () =>
    within(page, ({ ask, reached }) =>
      Effect.gen(function*() {
        for (
          const host of ["evil.example:3001", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b"]
        ) {
          assert.strictEqual((yield* ask("GET", "/ws", { host })).status, 403, host)
          const origin = `http://${host}`
          assert.strictEqual((yield* ask("POST", "/rpc", { host, origin })).status, 403, host)
        }
        const elsewhere = { host: "localhost:3001", origin: "http://localhost:4000" }
        assert.strictEqual((yield* ask("POST", "/rpc", elsewhere)).status, 403)
        assert.deepStrictEqual(reached, [])
      }), own))

  it.effect("still lets the configured page in", () =>
    within(page, ({ ask }) =>
      Effect.gen(function*() {
        const answer = yield* ask("POST", "/rpc", { host: "localhost:3001", origin: page })
        assert.deepStrictEqual([answer.status, allowed(answer)], [200, page])
      }), own))
})
