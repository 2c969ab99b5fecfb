// Encryption as an operator turns it on and rotates it: on a database in use, with servers that run on, and
// with words instead of a start where a key is missing.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { keysVariable } from "../support/keys.ts"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import {
  runCli,
  seedDatabase,
  type ServerProcess,
  startRunner,
  startServer
} from "../support/server-process.ts"
import {
  commandId,
  customer,
  history,
  isFact,
  mitra,
  pair,
  type Person,
  reconnected,
  send
} from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const keys = (...ids: ReadonlyArray<string>) => ({ MESSAGE_ENCRYPTION_KEYS: keysVariable(...ids) })

const rowsWith = (url: string, secrets: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const tables = yield* sql<{ name: string }>`SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
    const found: Array<string> = []
    for (const { name } of tables) {
      const rows = yield* sql<{ row: string }>`SELECT ${sql(name)}::text AS row FROM ${sql(name)}`
      found.push(...rows.map(({ row }) => `${name}: ${row}`))
    }
    assert.isAbove(found.length, 20)
    return found.filter((row) => secrets.some((secret) => row.includes(secret)))
  }).pipe(Effect.provide(databaseAt(url, 2)), Effect.scoped, Effect.orDie)

const proveTo = (person: Person, phone: string) =>
  person.phone.call("auth.verify_code", { phone, user_type: "customer", code: "000000" })

const goodbye = (person: Person, session_id: string, text: string) =>
  person.phone.call("chat.goodbye", { command_id: commandId(), session_id, text })

/** A chat from the first word to the last, with everything in it that is private. */
const wholeStory = async (server: ServerProcess, said: string, phone: string) => {
  const sari = await customer(server)
  await sari.phone.call("auth.request_code", { phone, user_type: "customer" })
  await proveTo(sari, phone)
  const ayu = await mitra(server, 1)
  const session = await pair(server, sari, ayu, "chat_5")
  await send(sari, session, `${said} one`)
  await send(ayu, session, `${said} two`)
  await sari.phone.call("chat.end", { command_id: commandId(), session_id: session })
  await ayu.phone.event("closing", isFact("closing"), 10_000)
  await goodbye(ayu, session, `${said} care`)
  await goodbye(sari, session, `${said} thanks`)
  await ayu.phone.event("completed", isFact("completed"), 10_000)
  const read = await history(sari, session)
  assert.deepStrictEqual(read.map(([, body]) => body), [`${said} one`, `${said} two`])
  ayu.phone.hangUp()
  return { sari, session, read }
}

describe("a server with a key", () => {
  it.live(
    "leaves no body, goodbye or phone in any table or in its log, and reads them after a restart",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const server = yield* startServer(url, keys("k1"))
        const phone = "+6281355500001"
        const { read, sari, session } = yield* Effect.promise(() => wholeStory(server, "Wortschatz", phone))
        const numbers = { mitra: "+6281355500002", test: "+6281355500003" }
        yield* Effect.promise(async () => {
          const token = await signInAdmin(server)
          const call = (tag: string, payload: unknown) => adminCall(server, token, tag, payload)
          const created = { command_id: commandId(), display_name: "Dewi", phone: numbers.mitra }
          await call("admin.mitra_create", created)
          await call("admin.test_number_put", { phone: numbers.test, code: "123456" })
          const { entries } = await call("admin.audit_log", { before: null, limit: 50 })
          assert.include(JSON.stringify(entries), "+62***002")
        })
        const secrets = ["Wortschatz", "81355500001", "81355500002", "81355500003", "8110000001"]
        assert.deepStrictEqual(yield* rowsWith(url, secrets), [])
        assert.notInclude(server.lines.join("\n"), "Wortschatz")
        assert.strictEqual(yield* server.end("SIGTERM"), 0)
        const next = yield* startRunner(url, keys("k2", "k1"))
        yield* Effect.promise(async () => {
          const back = await reconnected(sari, next)
          assert.deepStrictEqual(await history(back, session), read)
          const { sessions } = await back.phone.call("chat.sessions", { before: null, limit: 10 })
          assert.deepStrictEqual(sessions[0].goodbyes, {
            customer: "Wortschatz thanks",
            mitra: "Wortschatz care"
          })
          const again = await customer(next)
          const tokens = await proveTo(again, phone)
          assert.strictEqual(tokens.user_id, sari.id)
        })
      }),
    120_000
  )
})

describe("turning encryption on, and rotating its key, on a database in use", () => {
  it.live(
    "never loses a word or an account, and ends with nothing under the old key",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const phone = "+6281355500004"
        const before = yield* startServer(url)
        const old = yield* Effect.promise(() => wholeStory(before, "Wortschatz", phone))
        assert.isNotEmpty(yield* rowsWith(url, ["Wortschatz"]))
        assert.strictEqual(yield* before.end("SIGTERM"), 0)

        const on = yield* startRunner(url, keys("k1"))
        const counted = yield* runCli("rewrap --dry-run", { DATABASE_URL: url })
        assert.strictEqual(counted.code, 0, counted.output)
        assert.match(counted.output, /messages\.body +plain 2/)
        const sealed = yield* runCli("rewrap", { DATABASE_URL: url, ...keys("k1") })
        assert.strictEqual(sealed.code, 0, sealed.output)
        assert.match(sealed.output, /\d+ texts rewritten, 0 remain/)
        assert.deepStrictEqual(yield* rowsWith(url, ["Wortschatz", phone.slice(1)]), [])
        yield* Effect.promise(async () => {
          const back = await reconnected(old.sari, on)
          assert.deepStrictEqual(await history(back, old.session), old.read)
        })
        assert.strictEqual(yield* on.end("SIGTERM"), 0)

        const both = yield* startRunner(url, keys("k2", "k1"))
        const rotated = yield* runCli("rewrap", { DATABASE_URL: url, ...keys("k2", "k1") })
        assert.strictEqual(rotated.code, 0, rotated.output)
        assert.match(rotated.output, /messages\.body +k2 2/)
        assert.strictEqual(yield* both.end("SIGTERM"), 0)

        const after = yield* startRunner(url, keys("k2"))
        yield* Effect.promise(async () => {
          const back = await reconnected(old.sari, after)
          assert.deepStrictEqual(await history(back, old.session), old.read)
          const tokens = await proveTo(await customer(after), phone)
          assert.strictEqual(tokens.user_id, old.sari.id)
        })
      }),
    180_000
  )
})

describe("a start without a key that the database needs", () => {
  it.live(
    "is refused with its name, for the server, the seed and the re-wrapping",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url, keys("first"))
        const ports = { DATABASE_URL: url, PUBLIC_PORT: "0", INTERNAL_PORT: "0" }
        for (const given of [{}, keys("second")]) {
          for (const command of ["serve", "seed"]) {
            const { code, output } = yield* runCli(command, { ...ports, ...given })
            assert.strictEqual(code, 1, output)
            assert.include(output, "sealed with first, which MESSAGE_ENCRYPTION_KEYS lacks")
          }
        }
        const rewrapped = yield* runCli("rewrap", { ...ports, ...keys("second") })
        assert.strictEqual(rewrapped.code, 1)
        assert.include(rewrapped.output, "sealed with first")
        const keyless = yield* runCli("rewrap", ports)
        assert.strictEqual(keyless.code, 1)
        assert.include(keyless.output, "MESSAGE_ENCRYPTION_KEYS is not set")
      }),
    120_000
  )

  it.live("is refused where the name is there and the key is another one, and shows neither", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url, keys("first"))
      const other = keysVariable("other").replace("other:", "first:")
      const { code, output } = yield* runCli("serve", {
        DATABASE_URL: url,
        PUBLIC_PORT: "0",
        INTERNAL_PORT: "0",
        MESSAGE_ENCRYPTION_KEYS: other
      })
      assert.strictEqual(code, 1, output)
      assert.include(output, "another key than the one that sealed the database's texts as first")
      assert.notInclude(output, other.slice("first:".length))
    }))

  it.live("is refused when the variable is malformed, and shows none of it", () =>
    Effect.gen(function*() {
      const { code, output } = yield* runCli("serve", { MESSAGE_ENCRYPTION_KEYS: "k1:hunter2" })
      assert.strictEqual(code, 1)
      assert.include(output, "MESSAGE_ENCRYPTION_KEYS is malformed")
      assert.notInclude(output, "hunter2")
    }))
})
