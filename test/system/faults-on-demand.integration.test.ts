// The fault menu on a running server: each trouble does what it says, to whom it says, and ends by itself.
import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { faultsMax } from "../../src/services/manual-clock/faults.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { freshValkey } from "../support/valkey.ts"
import { commandId, customer, isFact, mitra, pair, pay, reconnected, send } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

interface Desk {
  readonly server: ServerProcess
  readonly fault: Start
  readonly call: Call
}

const makeDesk = Effect.fnUntraced(function*(environment: Readonly<Record<string, string>>) {
  const url = yield* freshDatabaseUrl
  const server = yield* startServer(url, { CLOCK: "simulated", ...environment })
  const token = yield* Effect.promise(() => signInAdmin(server))
  const call: Call = (tag, payload) => adminCall(server, token, tag, payload)
  const fault: Start = (fault, undo_after_ms) => call("faults.start", { fault, undo_after_ms })
  return { server, fault, call } satisfies Desk
})

/** One server for all who need no Valkey: a fault has an end, so the next test finds it well. */
class Shared extends Context.Service<Shared, Desk>()("test/Shared") {}
const shared = Layer.effect(Shared)(makeDesk({}))

const played = (story: (desk: Desk) => Promise<void>) => () =>
  Effect.flatMap(Shared, (desk) => Effect.promise(() => story(desk)))

// The wire's JSON as it came.
// oxlint-disable-next-line typescript/no-explicit-any
type Call = (tag: string, payload: object) => Promise<any>
type Start = (fault: object, undo_after_ms: number) => ReturnType<Call>

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!await isSo()) await new Promise((resolve) => setImmediate(resolve))
}

layer(shared, { timeout: "120 seconds", excludeTestServices: true })("a fault on demand", (it) => {
  it.effect(
    "cuts one person off for as long as it lasts; she comes back and misses nothing",
    played(async ({ call, fault, server }) => {
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
      const { entries } = await call("admin.audit_log", { before: null, limit: 2 })
      assert.deepStrictEqual(
        entries.map((entry: { action: string; target_id: string }) => [entry.action, entry.target_id]),
        [["faults.undo", fault_id], ["faults.start", "cut_socket"]]
      )
      await ayu.phone.call("mitra.go_offline", { command_id: commandId() })
    })
  )

  it.effect(
    "lags one person's frames, and nobody else's",
    played(async ({ call, fault, server }) => {
      const bunga = await mitra(server, 2)
      const sari = await customer(server)
      const session = await pair(server, sari, bunga, "chat_5")
      await fault({ kind: "lag_socket", user_id: sari.id, delay_ms: 800 }, 60_000)
      const took = async (from: typeof sari) => {
        const began = performance.now()
        await send(from, session, "Halo")
        return performance.now() - began
      }
      // There and back.
      assert.isAtLeast(await took(sari), 1_590)
      assert.isBelow(await took(bunga), 800)
      await call("faults.undo", { fault_id: null })
      await bunga.phone.call("mitra.go_offline", { command_id: commandId() })
    })
  )

  it.effect(
    "slows the database down, and ends by itself",
    played(async ({ call, fault, server }) => {
      const sari = await customer(server)
      const took = async () => {
        const began = performance.now()
        await sari.phone.call("customer.pricing", {})
        return performance.now() - began
      }
      const wanted = { kind: "slow_database", delay_ms: 600 }
      const started = await fault(wanted, 3_000)
      assert.deepStrictEqual(started.fault, wanted)
      assert.strictEqual(Date.parse(started.undone_at) - Date.parse(started.began_at), 3_000)
      assert.isAtLeast(await took(), 600)
      await until(async () => (await call("faults.list", {})).faults.length === 0)
      assert.isBelow(await took(), 600)
    })
  )

  it.effect(
    "is refused when so many are on that nobody could keep track of them",
    played(async ({ call, fault }) => {
      for (let on = 0; on < faultsMax; on++) await fault({ kind: "slow_database", delay_ms: 1 }, 60_000)
      const refused = await fault({ kind: "slow_database", delay_ms: 1 }, 60_000).catch(String)
      assert.include(refused, "TOO_MANY_FAULTS")
      await call("faults.undo", { fault_id: null })
    })
  )

  it.effect(
    "delivers the next webhook twice at once, and opens one request",
    played(async ({ call, fault, server }) => {
      const citra = await mitra(server, 3)
      const sari = await customer(server)
      const before = (await call("admin.live_counts", {})).active
      await fault({ kind: "double_webhook" }, 60_000)
      const payment_id = await pay(server, sari, "chat_5")
      assert.deepStrictEqual(await call("faults.list", {}), { faults: [] })
      const { session_id } = await sari.phone.call("customer.payment_status", { payment_id })
      await citra.phone.event("the offer", (event) => event._tag === "offer")
      await citra.phone.call("mitra.accept", { command_id: commandId(), session_id })
      const offers = citra.phone.log.filter(({ event }) => event._tag === "offer")
      assert.strictEqual(offers.length, 1)
      assert.deepInclude(await call("admin.live_counts", {}), { waiting: 0, active: before + 1 })
    })
  )
})

describe("Valkey lost on demand", () => {
  it.live("Postgres answers, nobody goes offline, and it comes back by itself", () =>
    Effect.gen(function*() {
      const { url } = yield* freshValkey
      const { call, fault, server } = yield* makeDesk({ VALKEY_URL: url })
      yield* Effect.promise(async () => {
        const ayu = await mitra(server, 1)
        const state = async () => (await call("admin.mirror_health", {})).state
        assert.strictEqual(await state(), "up")
        const { fault_id } = await fault({ kind: "lose_valkey" }, 60_000)
        await ayu.phone.call("mitra.heartbeat", {})
        assert.strictEqual(await state(), "down")
        // Two minutes without a ping: without Valkey it is unknown who is silent, so no mitra is called so.
        await call("clock.advance", { duration_ms: 120_000 })
        const seen = await call("admin.inspect_mitra", { mitra_id: ayu.id })
        assert.isTrue(seen.presence.declared_online)
        await ayu.phone.call("mitra.heartbeat", {})
        await pay(server, await customer(server), "chat_5")
        await ayu.phone.event("the offer", (event) => event._tag === "offer")
        await call("faults.undo", { fault_id })
        await until(async () => await state() === "up")
      })
    }), 120_000)
})
