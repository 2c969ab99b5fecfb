// With a collector configured, traces, metrics and logs go to it by OTLP; nothing private goes with them.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { startRunner, startServer } from "../support/server-process.ts"
import { customer, mitra, pair, send } from "./people.ts"

/** Takes whatever comes and keeps it, by path. */
const collector = Effect.acquireRelease(
  Effect.promise(() =>
    new Promise<{
      readonly url: string
      readonly taken: Map<string, string>
      readonly batches: Array<string>
      readonly close: () => void
    }>(
      (resolve) => {
        const taken = new Map<string, string>()
        const batches: Array<string> = []
        const server = createServer((request, response) => {
          let body = ""
          request.on("data", (bytes) => (body += String(bytes)))
          request.on("end", () => {
            const path = request.url ?? ""
            taken.set(path, (taken.get(path) ?? "") + body)
            if (path === "/v1/traces") batches.push(body)
            response.end("{}")
          })
        }).listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo
          resolve({ url: `http://127.0.0.1:${port}`, taken, batches, close: () => void server.close() })
        })
      }
    )
  ),
  ({ close }) => Effect.sync(close)
)

interface Seen {
  readonly runner: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<
    { readonly key: string; readonly value: { readonly stringValue?: string } }
  >
}

const spansOf = (batches: ReadonlyArray<string>): ReadonlyArray<Seen> =>
  batches.flatMap((batch) =>
    JSON.parse(batch).resourceSpans.flatMap((resource: any) => {
      const { value } = resource.resource.attributes.find(({ key }: any) => key === "service.instance.id")
      return resource.scopeSpans.flatMap(({ spans }: any) =>
        spans.map((span: any) => ({ ...span, runner: value.stringValue }))
      )
    })
  )

const has = (span: Seen, key: string, value: string) =>
  span.attributes.some((one) => one.key === key && one.value.stringValue === value)

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

  it.live("sees one message as one trace, from the call to the phone on another runner", () =>
    Effect.gen(function*() {
      const { batches, url: endpoint } = yield* collector
      const url = yield* freshDatabaseUrl
      const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, RUNNER_SECRET: "r".repeat(32) }
      const a = yield* startServer(url, traced)
      const b = yield* startRunner(url, traced)
      yield* Effect.promise(async () => {
        const [sari, ayu] = [await customer(a), await mitra(b, 1)]
        const session = await pair(a, sari, ayu, "chat_60")
        await send(sari, session, "from a to b")
        await ayu.phone.event("the message", (event: any) => event.fact?.kind === "message")
      })
      yield* a.end("SIGTERM")
      yield* b.end("SIGTERM")

      const spans = spansOf(batches)
      const sent = spans.find((span) => span.name === "turn" && has(span, "command", "SendMessage"))
      const trace = spans.filter(({ traceId }) => traceId === sent?.traceId)
      const parentOf = (span: Seen | undefined) => trace.find(({ spanId }) => spanId === span?.parentSpanId)
      const delivered = trace.find((span) => span.name === "deliver" && span.runner === b.runner)
      const names: Array<string> = []
      for (let span = delivered; span !== undefined; span = parentOf(span)) names.push(span.name)
      assert.deepStrictEqual(names, ["deliver", "publish", "turn", "actor", "call"])
      assert.strictEqual(parentOf(trace.find(({ name }) => name === "commit"))?.name, "turn")
    }))
})
