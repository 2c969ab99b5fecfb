// How a server starts: on nothing at all in development, only on a complete configuration in production, and
// never on a database whose schema it does not know.
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import {
  freePorts,
  runCli,
  seedDatabase,
  spawnRunner,
  startRunner,
  startServer,
  whenReady
} from "../support/server-process.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"
import { customer, history, mitra, pair, reconnected, send } from "./people.ts"

const dataFolder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "halobestie-data-"))
    // Open, so that Postgres' account can reach it when root runs the tests: nothing is left elsewhere.
    chmodSync(folder, 0o755)
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

describe("a development start with no environment", () => {
  it.live(
    "brings its own database, and the next start finds everything where it was",
    () =>
      Effect.gen(function*() {
        const environment = { DATA_DIR: yield* dataFolder }
        const first = yield* startRunner(null, environment)
        const sari = yield* Effect.promise(() => customer(first))
        const ayu = yield* Effect.promise(() => mitra(first, 1))
        const session = yield* Effect.promise(() => pair(first, sari, ayu, "chat_5"))
        const sent = yield* Effect.promise(() => send(sari, session, "remember me"))
        // Ctrl-C.
        assert.strictEqual(yield* first.end("SIGINT"), 0, first.lines.join("\n"))

        const second = yield* startRunner(null, environment)
        const back = yield* Effect.promise(() => reconnected(sari, second))
        assert.deepStrictEqual(yield* Effect.promise(() => history(back, session)), [[
          sent.seq,
          "remember me"
        ]])
        back.phone.hangUp()
        // With the server and beside it: what only looks finds the same database.
        const inspected = yield* runCli(`inspect session ${session}`, environment)
        assert.match(inspected.output, /^session .*\n {2}status +active/)
        assert.include((yield* runCli("audit-verify", environment)).output, "the audit log is whole")
        assert.strictEqual(yield* second.end("SIGTERM"), 0, second.lines.join("\n"))
      }),
    120_000
  )
})

describe("a production start", () => {
  it.live("names everything that is missing in one message and does not start", () =>
    Effect.gen(function*() {
      const { code, output } = yield* runCli("serve", { NODE_ENV: "production" })
      assert.strictEqual(code, 1)
      const required = [
        "DATABASE_URL",
        "AUTH_JWT_SECRET",
        "PAYMENT_WEBHOOK_TOKEN",
        "ADMIN_EMAIL",
        "ADMIN_PASSWORD"
      ]
      for (const name of required) assert.include(output, name)
    }))

  it.live("never prints a secret, not even a malformed one", () =>
    Effect.gen(function*() {
      const secret = "short-secret"
      const { code, output } = yield* runCli("check-config", {
        NODE_ENV: "production",
        AUTH_JWT_SECRET: secret,
        DATABASE_URL: "mysql://someone:hunter2@db/x"
      })
      assert.strictEqual(code, 1)
      assert.include(output, "AUTH_JWT_SECRET is malformed")
      assert.include(output, "DATABASE_URL is malformed")
      assert.notInclude(output, secret)
      assert.notInclude(output, "hunter2")
    }))
})

describe("a start on a foreign schema", () => {
  it.live("is refused with the command that helps", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* sql`DELETE FROM schema_migrations WHERE migration_id > 1`
      }).pipe(Effect.provide(databaseAt(url, 2)))
      const { code, output } = yield* runCli("serve", {
        DATABASE_URL: url,
        PUBLIC_PORT: "0",
        INTERNAL_PORT: "0"
      })
      assert.strictEqual(code, 1)
      assert.include(output, "schema is at version 1")
      assert.include(output, "npm run migrate")
    }))
})

describe("a start while the database restarts", () => {
  const production = {
    NODE_ENV: "production",
    AUTH_JWT_SECRET: "a-secret-of-production-with-enough-characters",
    ADMIN_EMAIL: "admin@halobestie.local",
    ADMIN_PASSWORD: "not the one it was seeded with",
    RUNNER_HOST: "127.0.0.1"
  }
  const isLine = (line: string) => typeof JSON.parse(line) === "object"

  const looked = async (url: string) => {
    const answer = await fetch(url).catch(() => null)
    return answer === null ? null : { status: answer.status, body: await answer.json() as unknown }
  }

  it.live("waits it out, alive and not ready, and says so in lines of its log", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const proxy = yield* tcpProxy(url)
      yield* proxy.refuse
      const server = yield* spawnRunner(proxy.url, yield* Effect.promise(() => freePorts()), production)
      const said = yield* Effect.promise(() => looked(`${server.httpUrl}/readyz`)).pipe(
        Effect.repeat({ until: (answer) => answer !== null, schedule: Schedule.spaced("50 millis") }),
        Effect.timeout("20 seconds")
      )
      assert.deepStrictEqual(said, {
        status: 503,
        body: { status: "starting", reasons: ["starting", "postgres_down"] }
      })
      const alive = yield* Effect.promise(() => looked(`${server.httpUrl}/healthz`))
      assert.strictEqual(alive?.status, 200)
      const inside = yield* Effect.promise(() => looked(`${server.internalUrl}/readyz`))
      assert.strictEqual(inside?.status, 503)
      yield* proxy.accept
      yield* whenReady(server)
      assert.strictEqual(yield* server.end("SIGTERM"), 0, server.lines.join("\n"))
      assert.isTrue(server.lines.every(isLine), server.lines.join("\n"))
      assert.include(server.lines.join("\n"), "the database does not answer yet")
    }), 60_000)

  it.live(
    "ends when it takes too long, and at once for a mistake, with a line of its log",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const proxy = yield* tcpProxy(url)
        const run = (databaseUrl: string) =>
          runCli("serve", {
            ...production,
            PAYMENT_WEBHOOK_TOKEN: "a-webhook-token-of-production",
            DATABASE_URL: databaseUrl,
            DATABASE_WAIT_SECONDS: "2",
            PUBLIC_PORT: "0",
            INTERNAL_PORT: "0"
          })
        const nowhere = new URL(url)
        nowhere.pathname = "/no_such_database"
        const mistaken = yield* run(nowhere.toString())
        assert.strictEqual(mistaken.code, 1)
        assert.notInclude(mistaken.output, "waiting up to")
        assert.include(mistaken.output, "no_such_database")
        yield* proxy.refuse
        const gone = yield* run(proxy.url)
        assert.strictEqual(gone.code, 1)
        assert.include(gone.output, "waiting up to 2 s")
        for (const { output } of [mistaken, gone]) {
          assert.isTrue(output.trim().split("\n").every(isLine), output)
        }
      }),
    60_000
  )
})

describe("behind a trusted proxy", () => {
  it.live(
    "addresses are counted as the proxy saw them, not as the proxy's own",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const server = yield* startServer(url, { TRUSTED_PROXY_HOPS: "1" })
        const ask = (address: string) =>
          fetch(`${server.httpUrl}/api/public/bestie/available`, { headers: { "x-forwarded-for": address } })
        yield* Effect.promise(async () => {
          let status = 200
          for (let asked = 0; status === 200 && asked < 1000; asked++) status = (await ask("1.2.3.4")).status
          assert.strictEqual(status, 429)
          assert.strictEqual((await ask("1.2.3.5")).status, 200)
          // What the sender claims further left changes nothing.
          assert.strictEqual((await ask("9.9.9.9, 1.2.3.4")).status, 429)
        })
      }),
    60_000
  )
})
