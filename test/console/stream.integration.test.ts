// Bad luck under the page: the server restarts, the line is cut while something is typed, the runner is
// drained. The page says so, greys out, loses nothing typed, and goes on by itself.
import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { launched, openPage } from "../support/chromium.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { freshValkey } from "../support/valkey.ts"
import { freePorts, seedDatabase, spawnRunner, whenReady } from "../support/server-process.ts"
import { customer, mitra, pair } from "../system/people.ts"
import { admin, closePages, signIn, stage, visit } from "./console-server.ts"

describe("a server that restarts under the page", () => {
  it.live(
    "is told, the page greys out, and goes on with what happened meanwhile and what was typed",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const ports = yield* Effect.promise(() => freePorts(true))
        const first = yield* spawnRunner(url, ports)
        yield* whenReady(first)
        const browser = yield* launched
        const { errors, page } = yield* Effect.promise(async () => {
          const opened = await openPage(browser, first.internalUrl)
          await signIn(opened.page, admin)
          const ayu = await mitra(first, 1)
          await pair(first, await customer(first, "Sari"), ayu, "chat_60")
          await opened.page.getByRole("row", { name: /Sari.*Ayu/ }).waitFor()
          await opened.page.getByLabel("Name, mitra or id").fill("Sari")
          return opened
        })
        yield* first.end("SIGTERM")
        yield* Effect.promise(async () => {
          await page.getByText("The server cannot be reached. Trying again; what you typed stays.").waitFor()
          assert.strictEqual(await page.locator(".stale").count(), 1)
        })
        const second = yield* spawnRunner(url, ports)
        yield* whenReady(second)
        yield* Effect.promise(async () => {
          await page.getByText("live", { exact: true }).waitFor()
          assert.strictEqual(await page.locator(".stale").count(), 0)
          await page.getByRole("row", { name: /Sari.*Ayu/ }).waitFor()
          assert.strictEqual(await page.getByLabel("Name, mitra or id").inputValue(), "Sari")
          assert.deepStrictEqual(errors, [])
        })
      }),
    120_000
  )
})

const makeRunner = Effect.gen(function*() {
  const valkey = yield* freshValkey
  return { ...(yield* stage({ VALKEY_URL: valkey.url, FAULTS: "true" })), valkey }
})

/** Cut from, then drained: the two need no more than one. */
class Runner extends Context.Service<Runner, Effect.Success<typeof makeRunner>>()("test/console/Runner") {}

layer(Layer.effect(Runner)(makeRunner), { timeout: "60 seconds", excludeTestServices: true })(
  "a runner under the page",
  (it) => {
    it.effect(
      "cuts a line; it is opened again, and the stream goes on without telling everything anew",
      () =>
        Effect.gen(function*() {
          const runner = yield* Runner
          const { call, server, signedIn } = runner
          yield* Effect.promise(async () => {
            const { page } = await signedIn()
            const ayu = await mitra(server, 1)
            const sari = await customer(server, "Sari")
            await pair(server, sari, ayu, "chat_60")
            await page.getByRole("row", { name: /Sari.*Ayu/ }).waitFor()
            const asked: Array<string> = []
            const told: Array<string> = []
            page.on("websocket", (socket) => {
              socket.on("framesent", ({ payload }) => void asked.push(String(payload)))
              socket.on("framereceived", ({ payload }) => void told.push(String(payload)))
            })
            const { staff_id } = await call("admin.me")
            const fault = { kind: "cut_socket", user_id: staff_id }
            await call("faults.start", { fault, undo_after_ms: 1_000 })
            await page.getByText("The server cannot be reached").waitFor()
            await page.getByText("live", { exact: true }).waitFor()
            assert.match(asked.find((frame) => frame.includes("admin.watch")) ?? "", /"hub":"[0-9a-f]{12}"/)
            assert.include(told.find((frame) => frame.includes("\"is_reset\"")) ?? "", "\"is_reset\":false")
            await page.getByRole("row", { name: /Sari.*Ayu/ }).waitFor()
            for (const { phone } of [ayu, sari]) phone.hangUp()
          })
          yield* closePages(runner)
        }),
      120_000
    )

    it.effect(
      "shows a mirror that lies and mends it at a press; a drain says who will notice, and ends it",
      () =>
        Effect.gen(function*() {
          const { server, signedIn, valkey } = yield* Runner
          const { page } = yield* Effect.promise(() => signedIn())
          const ayu = yield* Effect.promise(async () => {
            const online = await mitra(server, 1)
            await visit(page, "health")
            await page.getByText("Valkey says what Postgres says.").waitFor()
            await page.getByText("shut, Valkey answers").waitFor()
            return online
          })
          yield* valkey.command("SREM", "mitras:online", ayu.id)
          yield* Effect.promise(async () => {
            await page.getByText("differ between Valkey and Postgres").waitFor()
            await page.getByRole("button", { name: "Reseed" }).click()
            await page.getByRole("dialog").getByRole("button", { name: "Reseed" }).click()
            await page.getByText("Valkey says what Postgres says.").waitFor()
            ayu.phone.hangUp()
          })
          yield* Effect.promise(async () => {
            const sari = await customer(server, "Sari")
            await page.getByText("1 phone connected").first().waitFor()
            await page.getByRole("button", { name: "Drain" }).click()
            const dialog = page.getByRole("dialog", { name: "Drain" })
            await dialog.getByText(/its phones are told to come back elsewhere.*\(1 phone connected\)/)
              .waitFor()
            await dialog.getByRole("button", { name: "Drain" }).click()
            await page.getByText("The server cannot be reached").waitFor()
            sari.phone.hangUp()
          })
          const ended = yield* Effect.callback<number | null>((resume) => {
            if (server.child.exitCode !== null) return resume(Effect.succeed(server.child.exitCode))
            server.child.once("close", (code) => resume(Effect.succeed(code)))
          })
          assert.strictEqual(ended, 0, server.lines.join("\n"))
        }),
      120_000
    )
  }
)
