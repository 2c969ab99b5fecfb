// Staff drain one of two runners: it stops as on SIGTERM and exits 0, its phones are told to come back, and
// what it acknowledged is read from the other one, which lists it no longer.
import type { ChildProcess } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { startRunner, startServer } from "../support/server-process.ts"
import { customer, history, mitra, pair, reconnected, send } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const addresses = (view: { readonly runners: ReadonlyArray<{ readonly address: string }> }) =>
  view.runners.map(({ address }) => address).toSorted()

/** How the process ends, without a signal from us; to be asked before it may. */
const ending = (child: ChildProcess) =>
  new Promise<number | string | null>((resolve) => child.once("close", (code, by) => resolve(code ?? by)))

describe("a drain that staff order", () => {
  it.live(
    "sends this runner's phones to the other one, ends the process with 0, and loses nothing",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const first = yield* startServer(url, { DRAIN_TIMEOUT_SECONDS: "10" })
        const second = yield* startRunner(url)
        const sari = yield* Effect.promise(() => customer(first))
        const ayu = yield* Effect.promise(() => mitra(first, 1))
        const session = yield* Effect.promise(() => pair(first, sari, ayu, "demo"))
        const token = yield* Effect.promise(() => signInAdmin(first))

        const seen = yield* Effect.promise(() => adminCall(first, token, "admin.runners", {}))
        assert.deepStrictEqual(addresses(seen), [first.runner, second.runner].toSorted())
        assert.deepInclude(seen.answering, {
          address: first.runner,
          is_draining: false,
          public_connections: 2
        })

        const elsewhere = yield* Effect.promise(() =>
          adminCall(first, token, "admin.drain_runner", { address: second.runner }).catch(String)
        )
        assert.include(elsewhere, "NOT_THIS_RUNNER")

        const sent = yield* Effect.promise(() => send(sari, session, "before the drain"))
        const ended = ending(first.child)
        const order = { address: first.runner }
        const answer = yield* Effect.promise(() => adminCall(first, token, "admin.drain_runner", order))
        assert.deepInclude(answer, { address: first.runner, is_draining: true })
        assert.strictEqual(yield* Effect.promise(() => ended), 0, first.lines.join("\n"))
        for (const { phone } of [sari, ayu]) {
          assert.strictEqual(phone.closed?.code, 1012, JSON.stringify(phone.closed))
          // Two phones may come back at once.
          assert.isAtLeast(JSON.parse(phone.closed?.reason ?? "{}").retry_after_ms ?? -1, 0)
        }
        assert.isTrue(first.lines.some((line) => line.includes("drained: everything is closed")))

        yield* Effect.promise(async () => {
          const sariNow = await reconnected(sari, second)
          assert.strictEqual(new Map(await history(sariNow, session)).get(sent.seq), "before the drain")
          sariNow.phone.hangUp()
          const left = await adminCall(second, token, "admin.runners", {})
          assert.deepStrictEqual(addresses(left), [second.runner])
          const { entries } = await adminCall(second, token, "admin.audit_log", { before: null, limit: 5 })
          assert.deepInclude(entries[0], { action: "runner.drain", target_id: first.runner })
        })
      }),
    120_000
  )
})
