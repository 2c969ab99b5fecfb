// A server on a manual clock from outside: real sockets, a real database, and time that moves when staff say
// so. The worked example of docs/testing-with-simulated-time.md is the first of these tests.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { runHour } from "../../demo/hour.mjs"
import { Phone } from "../../testkit/phone.mjs"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { customer, mitra, pair, pay } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const start = "2030-01-07T09:00:00.000Z"
const minute = 60_000

const withServer = (
  name: string,
  environment: Readonly<Record<string, string>>,
  test: (server: ServerProcess) => Promise<void>
) =>
  it.live(name, () =>
    Effect.gen(function*() {
      const server = yield* Effect.flatMap(freshDatabaseUrl, (url) => startServer(url, environment))
      yield* Effect.promise(() => test(server))
    }), 120_000)

const held = { CLOCK: "simulated" }
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(() => "done", (error: Error) => error.message.replace(/^.*: /, ""))

/** The instant `minutes` (and seconds) into the chat. */
const into = (startedAt: string, minutes: number, seconds = 0): string =>
  new Date(Date.parse(startedAt) + minutes * minute + seconds * 1000).toISOString()

const expected = (startedAt: string) => [
  [into(startedAt, 0), "offers_sent"],
  [into(startedAt, 0), "paired"],
  [into(startedAt, 0), "message"],
  [into(startedAt, 57), "warning 180 s"],
  [into(startedAt, 59), "warning 60 s"],
  [into(startedAt, 59), "extension_requested"],
  [into(startedAt, 59, 4), "session_resumed"],
  [into(startedAt, 59, 4), "message"],
  [into(startedAt, 62, 4), "warning 180 s"],
  [into(startedAt, 64, 4), "warning 60 s"],
  [into(startedAt, 65, 4), "closing"],
  [into(startedAt, 65, 4), "goodbye"],
  [into(startedAt, 70, 4), "completed"]
]

describe("the worked example", () => {
  withServer("shows both phones an hour of paid chat, to the millisecond", held, async (server) => {
    const hour = await runHour({
      url: server.socketUrl,
      webhookUrl: server.httpUrl,
      webhookToken: server.webhookToken,
      otpCode: "000000",
      internalUrl: server.internalUrl,
      account: { email: "admin@halobestie.local", password: "development-admin" }
    })
    const listed = ({ events }: typeof hour.sari) => events.map(({ at, what }) => [at, what])
    assert.strictEqual(hour.started_at, start)
    assert.deepStrictEqual(listed(hour.sari), expected(start))
    assert.deepStrictEqual(listed(hour.ayu), [[start, "offer"], ...expected(start)])
    assert.deepStrictEqual([hour.sari.ticks, hour.ayu.ticks], [65, 65])
    assert.strictEqual(hour.virtual_ms, 70 * minute + 4_000)
    console.log(`${hour.virtual_ms / minute} min of the product's time in ${Math.round(hour.real_ms)} ms`)
  })
})

describe("the clock of a running server", () => {
  withServer(
    "stands still, leaps forward only, runs when told to, and writes down who moved it",
    held,
    async (server) => {
      const token = await signInAdmin(server)
      const call = (tag: string, payload: object) => adminCall(server, token, tag, payload)
      assert.deepInclude(await call("clock.now", {}), { now: start, rate: 0 })
      const passed = await call("clock.advance", { duration_ms: 10 * minute })
      assert.deepInclude(passed, { from: start, now: "2030-01-07T09:10:00.000Z" })
      assert.deepInclude(passed.sweeps, { payments: 10, deadlines: 75 })
      assert.strictEqual(
        (await call("clock.set", { instant: "2030-01-07T16:30:00+07:00" })).now,
        into(start, 30)
      )
      assert.strictEqual(await codeOf(call("clock.set", { instant: start })), "CLOCK_BACKWARDS")
      assert.strictEqual(await codeOf(call("clock.set", { instant: "soon" })), "BAD_REQUEST")
      assert.strictEqual(await codeOf(call("clock.set", { instant: "3000-01-01T00:00:00Z" })), "BAD_REQUEST")
      assert.strictEqual((await call("clock.now", {})).now, into(start, 30))
      const { entries } = await call("admin.audit_log", { before: null, limit: 10 })
      const moves = entries.filter((entry: { readonly action: string }) => entry.action.startsWith("clock."))
      assert.deepInclude(moves.at(-1), {
        action: "clock.advance",
        before: start,
        after: into(start, 10),
        at: start
      })

      assert.strictEqual((await call("clock.run", { rate: 600 })).rate, 600)
      while ((await call("clock.now", {})).now < into(start, 31)) await new Promise(setImmediate)
      const { now, rate } = await call("clock.pause", {})
      assert.strictEqual(rate, 0)
      assert.strictEqual((await call("clock.now", {})).now, now)
    }
  )

  withServer("is what tokens, offers and payments live by", held, async (server) => {
    const token = await signInAdmin(server)
    const ayu = await mitra(server, 1)
    const sari = await customer(server)
    const payment_id = await pay(server, sari, "chat_5")
    await ayu.phone.event("the offer", (event) => event._tag === "offer")
    await adminCall(server, token, "clock.advance", { duration_ms: minute })
    const { event } = await sari.phone.event("pairing_failed", (one) => one.fact?.kind === "pairing_failed")
    assert.strictEqual(event.at, into(start, 1))
    const paid = await sari.phone.call("customer.payment_status", { payment_id })
    assert.strictEqual(paid.status, "confirmed")
    const closed = new Promise((resolve) => {
      const look = () => sari.phone.closed === null ? setImmediate(look) : resolve(sari.phone.closed.code)
      look()
    })
    await adminCall(server, token, "clock.advance", { duration_ms: 59 * minute })
    assert.strictEqual(await closed, 4001)
    const call = adminCall(server, token, "clock.now", {})
    assert.strictEqual(await codeOf(call), "TOKEN_EXPIRED")
  })

  withServer("is what a token at the upgrade is measured by, long before today", {
    ...held,
    CLOCK_START: "2020-01-07T09:00:00Z"
  }, async (server) => {
    const sari = await customer(server)
    const again = new Phone(server.socketUrl)
    await again.connect(sari.token)
    const snapshot = await again.subscribe()
    assert.strictEqual(snapshot.server_now, "2020-01-07T09:00:00.000Z")
    again.hangUp()
  })

  withServer("is the machine's on any other server, and nobody can move it", {}, async (server) => {
    const token = await signInAdmin(server)
    const call = (tag: string, payload: object) => codeOf(adminCall(server, token, tag, payload))
    assert.strictEqual(await call("clock.now", {}), "CLOCK_NOT_HELD")
    assert.strictEqual(await call("clock.advance", { duration_ms: 1 }), "CLOCK_NOT_HELD")
    assert.strictEqual(await call("clock.run", { rate: 2 }), "CLOCK_NOT_HELD")
    assert.strictEqual(await call("faults.list", {}), "FAULTS_OFF")
    const fault = { fault: { kind: "lose_valkey" }, undo_after_ms: 10 }
    assert.strictEqual(await call("faults.start", fault), "FAULTS_OFF")
    await pair(server, await customer(server), await mitra(server, 1), "chat_5")
  })
})
