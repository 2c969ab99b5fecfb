// The internal listener from outside: what staff can see and do, that every write is audited, and that
// neither listener offers anything of the other.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { WebSocket } from "ws"
import { Phone, sleep } from "../../testkit/phone.mjs"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { commandId, customer, isFact, mitra, pair, pay, send } from "./people.ts"
import { adminCall, post, signInAdmin } from "./staff.ts"

const withServer = (name: string, story: (server: ServerProcess) => Promise<void>) =>
  it.live(name, () =>
    Effect.gen(function*() {
      const server = yield* Effect.flatMap(freshDatabaseUrl, (url) => startServer(url))
      yield* Effect.promise(() => story(server))
    }), 120_000)

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => "no error", (error: Error & { code?: string }) => error.code ?? error.message)

describe("the internal listener", () => {
  withServer("shows live counts, a mitra and a session with owner, deadline and ledger", async (server) => {
    const token = await signInAdmin(server)
    const ayu = await mitra(server, 1)
    const sari = await customer(server)
    const session = await pair(server, sari, ayu, "chat_5")
    const counts = await adminCall(server, token, "admin.live_counts", {})
    assert.deepStrictEqual(counts, { online: 1, available: 1, waiting: 0, active: 1, closing: 0 })

    const seen = await adminCall(server, token, "admin.inspect_session", { session_id: session })
    assert.strictEqual(seen.session.status, "active")
    assert.strictEqual(seen.owner_runner, server.runner)
    assert.isNotNull(seen.deadline_at)
    assert.deepStrictEqual(seen.ledger.open.state, "served")
    assert.strictEqual(seen.ledger.purchased_ms, 300_000)
    const her = await adminCall(server, token, "admin.inspect_mitra", { mitra_id: ayu.id })
    assert.deepStrictEqual(her.sessions, [{ slot: 0, session_id: session }])
    assert.strictEqual(her.online_log[0].is_online, true)
  })

  withServer("deactivates a mitra in one event, and audits it", async (server) => {
    const token = await signInAdmin(server)
    const ayu = await mitra(server, 1)
    const bunga = await mitra(server, 2)
    const sari = await customer(server)
    await pay(server, sari, "chat_5")
    const offer = await ayu.phone.event("the offer", (event) => event._tag === "offer", 10_000)
    const session_id = offer.event.offer.session_id
    const mitra_id = ayu.id

    const changed = await adminCall(server, token, "admin.deactivate_mitra", {
      command_id: commandId(),
      mitra_id
    })
    const asked = performance.now()
    assert.deepInclude(changed, { is_active: false, is_online: false, changed: true })
    const hers = async () => {
      const { offers } = await adminCall(server, token, "admin.inspect_session", { session_id })
      return offers.find((one: { mitra_id: string }) => one.mitra_id === mitra_id)
    }
    // No socket and no offer within one second.
    const inTime = () => performance.now() - asked < 1000
    while (inTime() && (ayu.phone.closed === null || (await hers()).status === "pending")) await sleep(10)
    assert.strictEqual(ayu.phone.closed?.code, 4503)
    assert.deepInclude(await hers(), { status: "ignored", ending: "withdrawn" })
    // Her sign-in is gone, not only her socket.
    const again = new Phone(server.socketUrl)
    assert.include(await codeOf(again.connect(ayu.token)), "401")
    // The other mitra is untouched, and the deactivated one cannot come back.
    await bunga.phone.call("mitra.accept", { command_id: commandId(), session_id })
    assert.include(await codeOf(mitra(server, 1)), "ACCOUNT_INACTIVE")

    const { entries } = await adminCall(server, token, "admin.audit_log", { before: null, limit: 10 })
    assert.deepInclude(entries.find((one: { action: string }) => one.action === "mitra.deactivate"), {
      target_id: mitra_id,
      before: { is_active: true, is_online: true, is_draining: false, held_until: null },
      after: { is_active: false, is_online: false, is_draining: false, held_until: null }
    })
    const back = await adminCall(server, token, "admin.activate_mitra", { command_id: commandId(), mitra_id })
    assert.deepInclude(back, { is_active: true, is_online: false })
    await mitra(server, 1)
  })

  withServer("force-closes a chat, writes settings, and refuses what is not allowed", async (server) => {
    const token = await signInAdmin(server)
    const ayu = await mitra(server, 1)
    const sari = await customer(server)
    const session_id = await pair(server, sari, ayu, "chat_5")
    const closed = await adminCall(server, token, "admin.force_close", {
      command_id: commandId(),
      session_id,
      reason: "test"
    })
    assert.deepInclude(closed.session, { status: "completed", ended_by: "staff" })
    assert.isTrue(closed.ledger.is_balanced)
    await sari.phone.event("the end", isFact("completed"), 5000)
    assert.strictEqual(await codeOf(send(sari, session_id, "too late")), "SESSION_OVER")

    // What staff got wrong is a refusal in words; no answer shows how a call died.
    const bad = await post(server.internalUrl, token, "admin.inspect_session", { session_id: 5 })
    assert.deepInclude(bad.body[0].exit.cause[0], { _tag: "Fail" })
    assert.strictEqual(bad.body[0].exit.cause[0].error.code, "BAD_REQUEST")
    const unknown = await post(server.internalUrl, token, "admin.no_such_call", {})
    assert.strictEqual(unknown.body[0].exit.cause[0].error.code, "BAD_REQUEST")

    const key = "mitra_stale_after_seconds"
    const call = (tag: string, payload: unknown) => adminCall(server, token, tag, payload)
    assert.include(await codeOf(call("admin.settings_write", { key, value: 10 })), "SETTING_INVALID")
    assert.include(
      await codeOf(call("admin.settings_write", { key: "nonsense", value: 1 })),
      "SETTING_UNKNOWN"
    )
    const written = await call("admin.settings_write", { key, value: 90 })
    assert.strictEqual(written.settings.mitra_stale_after_seconds, 90)
    assert.strictEqual((await call("admin.settings_read", {})).settings.mitra_stale_after_seconds, 90)
    const { entries } = await call("admin.audit_log", { before: null, limit: 1 })
    assert.deepInclude(entries[0], { action: "setting.write", target_id: key, before: 45, after: 90 })
  })

  withServer("lets nobody in without a staff token, and locks after repeated failures", async (server) => {
    const sari = await customer(server)
    assert.include(await codeOf(adminCall(server, null, "admin.live_counts", {})), "NOT_SIGNED_IN")
    assert.strictEqual((await post(server.internalUrl, sari.token, "admin.live_counts", {})).status, 401)
    const guess = () =>
      codeOf(adminCall(server, null, "admin.sign_in", { email: "admin@halobestie.local", password: "wrong" }))
    for (let i = 0; i < 5; i++) assert.include(await guess(), "CREDENTIALS_INVALID")
    assert.include(await guess(), "ACCOUNT_LOCKED")
    assert.include(await codeOf(signInAdmin(server)), "ACCOUNT_LOCKED")
  })

  it.live("lets the control center's page in and no other page, by either way", () =>
    Effect.gen(function*() {
      const page = "https://cc.halobestie.example"
      const server = yield* Effect.flatMap(
        freshDatabaseUrl,
        (url) => startServer(url, { CC_ORIGIN: page })
      )
      const asked = (origin: string) =>
        Effect.promise(async () => {
          const response = await fetch(`${server.internalUrl}/rpc`, {
            method: "POST",
            headers: { "content-type": "application/json", origin },
            body: JSON.stringify([{
              _tag: "Request",
              id: "1",
              tag: "admin.live_counts",
              payload: {},
              headers: []
            }])
          })
          await response.body?.cancel()
          return [response.status, response.headers.get("access-control-allow-origin")]
        })
      const opened = (origin: string) =>
        Effect.promise(() =>
          new Promise<number>((resolve) => {
            const socket = new WebSocket(`${server.internalUrl.replace("http", "ws")}/ws`, { origin })
            socket.on("open", () => {
              socket.terminate()
              resolve(101)
            })
            socket.on("unexpected-response", (_, response) => {
              response.destroy()
              resolve(response.statusCode ?? 0)
            })
            socket.on("error", () => {})
          })
        )
      assert.deepStrictEqual(yield* asked(page), [200, page])
      assert.strictEqual(yield* opened(page), 101)
      assert.deepStrictEqual(yield* asked("https://elsewhere.example"), [403, null])
      assert.strictEqual(yield* opened("https://elsewhere.example"), 403)
    }), 60_000)

  withServer("offers nothing public, and the public one nothing internal", async (server) => {
    const token = await signInAdmin(server)
    // Nothing of the admin calls on the public port: no route, no method, and staff tokens are refused.
    assert.strictEqual((await post(server.httpUrl, token, "admin.live_counts", {})).status, 404)
    const phone = new Phone(server.socketUrl)
    await phone.connect()
    assert.strictEqual(await codeOf(phone.call("admin.live_counts", {})), "UNKNOWN_METHOD")
    assert.strictEqual(
      await codeOf(phone.call("auth.authenticate", { access_token: token })),
      "TOKEN_INVALID"
    )
    // Nothing of the public calls on the internal port.
    const inside = new Phone(`${server.internalUrl.replace("http", "ws")}/ws`)
    await inside.connect()
    assert.strictEqual(await codeOf(inside.call("customer.pricing", {})), "UNKNOWN_METHOD")
    assert.strictEqual(
      await codeOf(inside.call("auth.sign_in_anonymous", { call_name: "x" })),
      "UNKNOWN_METHOD"
    )
    const webhook = await fetch(`${server.internalUrl}/api/webhooks/payments/builtin`, {
      method: "POST",
      body: "{}"
    })
    assert.strictEqual(webhook.status, 404)
    await inside.call("admin.authenticate", { access_token: token })
    assert.strictEqual((await inside.call("admin.live_counts", {})).active, 0)
  })
})
