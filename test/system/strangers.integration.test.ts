// A stranger with no secret, at each port of a running server: what public, internal and runner port and the
// bus answer to one who has only a connection, and that nothing a stranger does there moves anything.
import { assert, describe, it } from "@effect/vitest"
import { connect } from "node:net"
import { connect as connectTls } from "node:tls"
import * as Effect from "effect/Effect"
import { Redis } from "ioredis"
import { SignJWT } from "jose"
import { sleep } from "../../testkit/phone.mjs"
import { AdminApi } from "../../src/contract/staff/staff-api.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { startServer } from "../support/server-process.ts"
import { freshValkey } from "../support/valkey.ts"
import { asRunner, portOf } from "./as-runner.ts"
import { customer, mitra, pair } from "./people.ts"
import { adminCall, post, signInAdmin } from "./staff.ts"

const serverWith = (environment: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(freshDatabaseUrl, (url) => startServer(url, environment))

/** Of the right form, signed with a secret of the stranger's own. */
const forgedToken = (user_type: string, sub: string) =>
  new SignJWT({ user_type, session_id: sub }).setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub).setIssuedAt().setExpirationTime("1h")
    .sign(new TextEncoder().encode("a stranger's secret of 32 characters"))

const statusOf = async (url: string, init: RequestInit = {}): Promise<number> => {
  const answer = await fetch(url, init)
  await answer.body?.cancel()
  return answer.status
}

const codeOf = async (answer: Awaited<ReturnType<typeof post>>): Promise<string> =>
  answer.body[0]?.exit?.cause?.[0]?.error?.code ?? answer.body.code ?? `HTTP ${answer.status}`

/** What a raw socket hears, until it is closed or has been silent for a while. */
const heardBy = (socket: ReturnType<typeof connect>, said: string) =>
  new Promise<string>((resolve) => {
    let heard = ""
    socket.on("data", (data) => (heard += data.toString("latin1")))
    socket.on("error", () => undefined)
    socket.on("close", () => resolve(heard))
    socket.setTimeout(2_000, () => socket.destroy())
    socket.write(said)
  })

describe("a stranger", () => {
  it.live(
    "gets nothing of staff at the public port, and nothing at all at the internal one",
    () =>
      Effect.gen(function*() {
        const server = yield* serverWith()
        yield* Effect.promise(async () => {
          const sari = await customer(server)
          for (const path of ["/rpc", "/metrics", "/health"]) {
            assert.strictEqual(await statusOf(`${server.httpUrl}${path}`), 404, path)
          }
          const url = `${server.httpUrl}/api/webhooks/payments/builtin`
          const headers = { "content-type": "application/json", "x-callback-token": "a-guess-of-a-token" }
          assert.strictEqual(await statusOf(url, { method: "POST", headers, body: "{}" }), 401)
          const forged = [
            await forgedToken("staff", sari.id),
            await forgedToken("customer", sari.id),
            sari.token
          ]
          for (const tag of AdminApi.requests.keys()) {
            if (["admin.sign_in", "admin.authenticate"].includes(tag)) continue
            const answer = await codeOf(await post(server.internalUrl, null, tag, {}))
            // What is no payload of that call is told before who may make it.
            assert.include(["NOT_SIGNED_IN", "BAD_REQUEST"], answer, tag)
          }
          for (const token of forged) {
            assert.strictEqual((await post(server.internalUrl, token, "admin.live_counts", {})).status, 401)
          }
        })
      }).pipe(Effect.scoped),
    90_000
  )

  it.live("is not heard on the runner port without the secret", () =>
    Effect.gen(function*() {
      const server = yield* serverWith({ RUNNER_SECRET: "r".repeat(16) + "0123456789abcdef" })
      const port = portOf(server)
      yield* Effect.promise(async () => {
        assert.notInclude(await heardBy(connect(port, "127.0.0.1"), "POST / HTTP/1.1\r\n\r\n"), "HTTP")
        const tls = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false })
        assert.strictEqual(await heardBy(tls, "hello"), "")
      })
    }).pipe(Effect.scoped), 90_000)

  it.live(
    "who speaks as runners do cannot act in the name of staff, whatever the call says",
    () =>
      Effect.gen(function*() {
        const server = yield* serverWith()
        const ayu = yield* Effect.promise(() => mitra(server, 1))
        const token = yield* Effect.promise(() => signInAdmin(server))
        const call = (tag: string, payload: object) =>
          Effect.promise(() => adminCall(server, token, tag, payload))
        const { staff_id } = yield* call("admin.me", {})
        const command = { _tag: "Deactivate", staff_id } as const
        const forged = yield* Effect.promise(() => forgedToken("staff", staff_id))
        for (const staff of [null, { staff_id, peer: "x" }, { staff_id, peer: "x", token: forged }]) {
          yield* Effect.exit(
            asRunner(server, ayu.id, { sender_id: `staff:${staff_id}`, command_id: null, command, staff })
          )
          const seen = yield* call("admin.inspect_mitra", { mitra_id: ayu.id })
          assert.isTrue(seen.is_active, JSON.stringify(staff))
        }
        assert.isTrue(server.lines.some((line) => line.includes("a staff command came without")))
        // The same words with her own token are an order: what stopped the others is the token alone.
        const staff = { staff_id, peer: "x", token }
        yield* asRunner(server, ayu.id, { sender_id: `staff:${staff_id}`, command_id: null, command, staff })
        assert.isFalse((yield* call("admin.inspect_mitra", { mitra_id: ayu.id })).is_active)
      }).pipe(Effect.scoped),
    90_000
  )

  it.live(
    "who publishes on the bus puts nothing on a phone's screen and signs nobody out",
    () =>
      Effect.gen(function*() {
        const valkey = yield* freshValkey
        const server = yield* serverWith({ VALKEY_URL: valkey.url })
        yield* Effect.promise(async () => {
          const ayu = await mitra(server, 1)
          const sari = await customer(server)
          await pair(server, sari, ayu, "chat_5")
          const redis = new Redis(valkey.url)
          const channel = `halobestie:bus:signed:${redis.options.db ?? 0}`
          const revoked = { topic: `customer:${sari.id}`, event: { _tag: "Revoked", auth_session_id: null } }
          const payload = JSON.stringify({ runner: "stranger", number: 1, messages: [revoked] })
          assert.isAbove(await redis.publish(channel, payload), 0, "the server listens there")
          await redis.publish(channel, "A".repeat(43) + payload)
          await sleep(500)
          redis.disconnect()
          assert.isNull(sari.phone.closed)
          const shown = await (await fetch(`${server.internalUrl}/metrics`)).text()
          assert.match(shown, /forged_payloads_total\S* 2/)
        })
      }).pipe(Effect.scoped),
    90_000
  )
})
