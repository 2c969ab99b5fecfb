// A server with Valkey from outside: what staff see and order of the mirror, presence as three facts, and
// the public beacon with its limit. And the same server when its Valkey dies.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { freshValkey, type TestValkey } from "../support/valkey.ts"
import { commandId, customer, mitra, pay } from "./people.ts"
import { showsTrouble } from "./seen-by-operators.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const withServer = (name: string, story: (server: ServerProcess, valkey: TestValkey) => Promise<void>) =>
  it.live(name, () =>
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const url = yield* freshDatabaseUrl
      const server = yield* startServer(url, { VALKEY_URL: valkey.url })
      yield* Effect.promise(() => story(server, valkey))
    }), 120_000)

const beacon = (server: ServerProcess) => fetch(`${server.httpUrl}/api/public/bestie/available`)

/** Asks again until it is so: another runner's, or Valkey's, word takes a moment. */
const eventually = async <A>(ask: () => Promise<A>, isSo: (answer: A) => boolean): Promise<A> => {
  const giveUpAt = performance.now() + 15_000
  for (;;) {
    const answer = await ask()
    if (isSo(answer) || performance.now() > giveUpAt) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe("a server with Valkey", () => {
  withServer("shows the mirror, reseeds it on order, and writes the order down", async (server) => {
    const token = await signInAdmin(server)
    await mitra(server, 1)
    const health = await adminCall(server, token, "admin.mirror_health", {})
    assert.deepInclude(health, { state: "up", drift: { rows: 1, keys: 1, drifted: 0 } })
    assert.isNumber(health.latency_ms)
    assert.isNotNull(health.last_seed, "whoever is ready has filled the mirror")
    const report = await adminCall(server, token, "admin.reseed_mirror", {})
    assert.deepInclude(report, { drift_found: 0, healed: 0, removed: 0 })
    const { entries } = await adminCall(server, token, "admin.audit_log", { before: null, limit: 5 })
    assert.deepInclude(entries[0], { action: "mirror.reseed", target_type: "mirror" })
  })

  withServer(
    "knows connected, declared and push-reachable apart, and offers to who closed her app",
    async (server) => {
      const token = await signInAdmin(server)
      const ayu = await mitra(server, 1)
      const presence = () =>
        adminCall(server, token, "admin.inspect_mitra", { mitra_id: ayu.id }).then((seen) => seen.presence)
      const here = await eventually(presence, (facts) => facts.connected === true)
      assert.deepStrictEqual(here, { connected: true, declared_online: true, push_reachable: false })
      ayu.phone.hangUp()
      const gone = await eventually(presence, (facts) => facts.connected === false)
      assert.deepStrictEqual(gone, { connected: false, declared_online: true, push_reachable: false })

      const sari = await customer(server)
      const payment_id = await pay(server, sari, "chat_5")
      const { session_id } = await sari.phone.call("customer.payment_status", { payment_id })
      const offers = await eventually(
        () => adminCall(server, token, "admin.inspect_session", { session_id }).then((seen) => seen.offers),
        (found: ReadonlyArray<{ mitra_id: string }>) => found.length > 0
      )
      assert.deepStrictEqual(offers.map((offer: { mitra_id: string }) => offer.mitra_id), [ayu.id])

      const order = { command_id: commandId(), mitra_id: ayu.id }
      const forced = await adminCall(server, token, "admin.force_offline", order)
      assert.deepInclude(forced, { is_active: true, is_online: false, changed: true })
      assert.deepStrictEqual(await adminCall(server, token, "admin.force_offline", order), forced)
      const { online_log } = await adminCall(server, token, "admin.inspect_mitra", { mitra_id: ayu.id })
      assert.deepInclude(online_log[0], { is_online: false, cause: "forced" })
      const { entries } = await adminCall(server, token, "admin.audit_log", { before: null, limit: 5 })
      assert.deepInclude(entries[0], { action: "mitra.force_offline", target_id: ayu.id })
    }
  )

  withServer(
    "tells everybody whether a bestie is there, so often per address, with Valkey or without",
    async (server, valkey) => {
      await mitra(server, 1)
      const answers = []
      for (let asked = 0; asked < 31; asked++) answers.push(await beacon(server))
      // A minute may have begun in between: then the limit was met by two windows.
      const refused = answers.filter((answer) => answer.status === 429)
      const first = answers[0]!
      assert.deepStrictEqual([first.status, await first.json()], [200, { available: true }])
      for (const answer of refused) {
        assert.isAtLeast(Number(answer.headers.get("retry-after")), 1)
        assert.deepInclude(await answer.json(), { _tag: "Refusal", code: "RATE_LIMITED" })
      }
      const counts =
        (await Effect.runPromise(valkey.command("KEYS", "rate:public_beacon:*"))) as ReadonlyArray<string>
      assert.isAtLeast(counts.length, 1)
      assert.strictEqual(refused.length > 0, counts.length === 1)

      await Effect.runPromise(valkey.kill)
      const token = await signInAdmin(server)
      const alone = await beacon(server)
      assert.deepStrictEqual([alone.status, await alone.json()], [200, { available: true }])
      const { state } = await adminCall(server, token, "admin.mirror_health", {})
      assert.strictEqual(state, "down")
      await showsTrouble(server, "a lost Valkey")
    }
  )
})
