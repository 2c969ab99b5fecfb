// Plain HTTP connections between a balancer and this server: which end closes an idle one, and what a
// balancer hears before it is refused.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Agent, get } from "node:http"
import { publicLimits } from "../../../src/http/socket/limits.ts"
import { listening } from "./listening.ts"

const balancerKeepsMs = 60_000

interface Answer {
  readonly status: number
  readonly keep_alive: string
  readonly body: string
}

const ask = (url: string, agent: Agent) =>
  Effect.promise(() =>
    new Promise<Answer>((resolve, reject) => {
      get(url, { agent }, (response) => {
        let body = ""
        response.on("data", (chunk) => (body += String(chunk)))
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            keep_alive: String(response.headers["keep-alive"]),
            body
          }))
      }).on("error", reject)
    })
  )

const keptAlive = Effect.acquireRelease(
  Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 1 })),
  (agent) => Effect.sync(() => agent.destroy())
)

describe("an idle connection", () => {
  it.live("outlives the minute that balancers keep it, and holds up no stop", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const agent = yield* keptAlive
      const { keep_alive } = yield* ask(`${server.http}/healthz`, agent)
      const seconds = Number(/timeout=(\d+)/.exec(keep_alive)?.[1])
      assert.isAbove(seconds * 1000, balancerKeepsMs, keep_alive)
      const before = yield* Clock.currentTimeMillis
      yield* server.stop
      assert.isBelow((yield* Clock.currentTimeMillis) - before, publicLimits.drain_requests_ms)
    }).pipe(Effect.scoped))
})

describe("a server that stops", () => {
  it.live("says draining before it refuses connections, also with nobody connected", () =>
    Effect.gen(function*() {
      const server = yield* listening({ drain_notice_ms: 1_000 })
      const agent = yield* keptAlive
      const stopping = yield* Effect.forkChild(server.stop)
      // It is said within the notice, after which a connection would be refused.
      const { body } = yield* ask(`${server.http}/readyz`, agent).pipe(
        Effect.repeat({ until: ({ status }) => status === 503 })
      )
      assert.strictEqual(JSON.parse(body).status, "draining")
      yield* Fiber.join(stopping)
    }).pipe(Effect.scoped))
})
