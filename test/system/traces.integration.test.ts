// With a collector configured, traces, metrics and logs go to it by OTLP; nothing private goes with them.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { startServer } from "../support/server-process.ts"
import { customer, mitra, pair, send } from "./people.ts"

/** Takes whatever comes and keeps it, by path. */
const collector = Effect.acquireRelease(
  Effect.promise(() =>
    new Promise<{ readonly url: string; readonly taken: Map<string, string>; readonly close: () => void }>(
      (resolve) => {
        const taken = new Map<string, string>()
        const server = createServer((request, response) => {
          let body = ""
          request.on("data", (bytes) => (body += String(bytes)))
          request.on("end", () => {
            const path = request.url ?? ""
            taken.set(path, (taken.get(path) ?? "") + body)
            response.end("{}")
          })
        }).listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo
          resolve({ url: `http://127.0.0.1:${port}`, taken, close: () => void server.close() })
        })
      }
    )
  ),
  ({ close }) => Effect.sync(close)
)

describe("a collector", { timeout: 120_000 }, () => {
  it.live("gets spans of calls and actors, figures and milestones, and no private word", () =>
    Effect.gen(function*() {
      const { taken, url } = yield* collector
      const server = yield* startServer(yield* freshDatabaseUrl, { OTEL_EXPORTER_OTLP_ENDPOINT: url })
      yield* Effect.promise(async () => {
        const [sari, ayu] = [await customer(server, "Sari Rahasia"), await mitra(server, 1)]
        const session = await pair(server, sari, ayu, "chat_60")
        await send(sari, session, "a private sentence")
      })
      // What is not sent yet goes at the stop.
      assert.strictEqual(yield* server.end("SIGTERM"), 0)
      const traces = taken.get("/v1/traces") ?? ""
      assert.include(traces, `"name":"call"`)
      assert.include(traces, "chat.send")
      assert.include(traces, `"name":"actor"`)
      assert.include(taken.get("/v1/logs") ?? "", "session paired")
      assert.include(taken.get("/v1/metrics") ?? "", "turns_total")
      const all = [...taken.values()].join("\n")
      for (const secret of ["a private sentence", "Sari Rahasia", "+628"]) assert.notInclude(all, secret)
    }))
})
