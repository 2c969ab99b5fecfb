// The fault menu on a running server: each trouble does what it says, to whom it says, and ends by itself.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { freshValkey } from "../support/valkey.ts"
import { commandId, customer, isFact, mitra, pair, pay, reconnected, send } from "./cast.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const withServer = (
  name: string,
  options: { readonly valkey?: boolean },
  story: (server: ServerProcess, fault: Start, call: Call) => Promise<void>
) =>
  it.live(name, () =>
    Effect.gen(function*() {
      const extra = options.valkey === true ? { VALKEY_URL: (yield* freshValkey).url } : {}
      const server = yield* Effect.flatMap(
        freshDatabaseUrl,
        (url) => startServer(url, { CLOCK: "simulated", ...extra })
      )
      yield* Effect.promise(async () => {
        const token = await signInAdmin(server)
        const call: Call = (tag, payload) => adminCall(server, token, tag, payload)
        await story(server, (fault, undo_after_ms) => call("faults.start", { fault, undo_after_ms }), call)
      })
    }), 120_000)

// The wire's JSON as it came.
// oxlint-disable-next-line typescript/no-explicit-any
type Call = (tag: string, payload: object) => Promise<any>
type Start = (fault: object, undo_after_ms: number) => ReturnType<Call>

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!await isSo()) await new Promise((resolve) => setImmediate(resolve))
}

describe("a fault on demand", () => {
  withServer("cuts one person off for as long as it lasts; she comes back and misses nothing", {}, async (
    server,
    fault,
    call
  ) => {
    const ayu = await mitra(server, 1)
    const sari = await customer(server)
    const session = await pair(server, sari, ayu, "chat_5")
    await send(ayu, session, "Halo")
    await sari.phone.event("the message", isFact("message"))
    const { fault_id } = await fault({ kind: "cut_socket", user_id: sari.id }, 60_000)
    await until(() => sari.phone.closed !== null)
    // No close frame: the network was gone.
    assert.strictEqual(sari.phone.closed?.code, 1006)
    const { seq } = await send(ayu, session, "Masih di situ?")
    const during = await reconnected(sari, server).then(() => "in", () => "cut again")
    assert.strictEqual(during, "cut again")
    assert.deepStrictEqual(await call("faults.undo", { fault_id }), { undone: 1 })
    const back = await reconnected(sari, server)
    const { event } = await back.phone.event("the missed message", isFact("message"))
    assert.strictEqual(event.seq, seq)
    assert.isNull(ayu.phone.closed)
    const { entries } = await call("admin.audit_log", { before: null, limit: 10 })
    assert.deepStrictEqual(
      entries.map((entry: { action: string; target_id: string }) => [entry.action, entry.target_id]),
      [["faults.undo", fault_id], ["faults.start", "cut_socket"]]
    )
  })

  withServer("lags one person's frames, and nobody else's", {}, async (server, fault) => {
    const ayu = await mitra(server, 1)
    const sari = await customer(server)
    const session = await pair(server, sari, ayu, "chat_5")
    await fault({ kind: "lag_socket", user_id: sari.id, delay_ms: 300 }, 60_000)
    const took = async (from: typeof sari) => {
      const began = performance.now()
      await send(from, session, "Halo")
      return performance.now() - began
    }
    // There and back.
    assert.isAtLeast(await took(sari), 590)
    assert.isBelow(await took(ayu), 300)
  })

  withServer("slows the database down, and ends by itself", {}, async (server, fault, call) => {
    const sari = await customer(server)
    const took = async () => {
      const began = performance.now()
      await sari.phone.call("customer.pricing", {})
      return performance.now() - began
    }
    await took()
    await fault({ kind: "slow_database", delay_ms: 200 }, 1_500)
    const { faults } = await call("faults.list", {})
    assert.deepInclude(faults[0], { fault: { kind: "slow_database", delay_ms: 200 } })
    assert.isAtLeast(await took(), 200)
    await until(async () => (await call("faults.list", {})).faults.length === 0)
    assert.isBelow(await took(), 200)
  })

  withServer(
    "delivers the next webhook twice at once, and opens one request",
    {},
    async (server, fault, call) => {
      const ayu = await mitra(server, 1)
      const sari = await customer(server)
      await fault({ kind: "double_webhook" }, 60_000)
      const payment_id = await pay(server, sari, "chat_5")
      assert.deepStrictEqual(await call("faults.list", {}), { faults: [] })
      const { session_id } = await sari.phone.call("customer.payment_status", { payment_id })
      await ayu.phone.event("the offer", (event) => event._tag === "offer")
      await ayu.phone.call("mitra.accept", { command_id: commandId(), session_id })
      const offers = ayu.phone.log.filter(({ event }) => event._tag === "offer")
      assert.strictEqual(offers.length, 1)
      const counts = await call("admin.live_counts", {})
      assert.deepInclude(counts, { waiting: 0, active: 1 })
    }
  )

  withServer("loses Valkey: Postgres answers, nobody goes offline, and it comes back by itself", {
    valkey: true
  }, async (server, fault, call) => {
    const ayu = await mitra(server, 1)
    const state = async () => (await call("admin.mirror_health", {})).state
    assert.strictEqual(await state(), "up")
    const { fault_id } = await fault({ kind: "lose_valkey" }, 60_000)
    await ayu.phone.call("mitra.heartbeat", {})
    assert.strictEqual(await state(), "down")
    // Two minutes without a ping: without Valkey nobody knows who is silent, and nobody is called so.
    await call("clock.advance", { duration_ms: 120_000 })
    await ayu.phone.call("mitra.heartbeat", {})
    await pay(server, await customer(server), "chat_5")
    await ayu.phone.event("the offer", (event) => event._tag === "offer")
    const seen = await call("admin.inspect_mitra", { mitra_id: ayu.id })
    assert.isTrue(seen.presence.declared_online)
    await call("faults.undo", { fault_id })
    await until(async () => await state() === "up")
  })
})
