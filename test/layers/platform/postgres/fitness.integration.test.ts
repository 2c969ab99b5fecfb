// Sessions on a real database that is set up in another way than we rely on, and a start before it answers.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as NoCipher from "../../../../src/layers/encryption/cipher.none.ts"
import { relied } from "../../../../src/layers/platform/postgres/client.ts"
import { layerChecked } from "../../../../src/layers/platform/postgres/database.ts"
import { checkFitness } from "../../../../src/layers/platform/postgres/fitness.ts"
import { PoolShares } from "../../../../src/services/platform/pool-shares.ts"
import { databaseAt, freshDatabaseUrl } from "../../../support/postgres.ts"
import { poolerOf } from "../../../support/pooler.ts"
import { tcpProxy } from "../../../support/tcp-proxy.ts"

const foreign = [
  "default_transaction_isolation = 'serializable'",
  "default_transaction_read_only = on",
  "statement_timeout = '100ms'",
  "idle_in_transaction_session_timeout = '1s'",
  "idle_session_timeout = '1s'"
]

describe("a session", () => {
  it.live("sets what it relies on, whatever the database is set to", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const name = new URL(url).pathname.slice(1)
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        for (const setting of foreign) yield* sql.unsafe(`ALTER DATABASE "${name}" SET ${setting}`)
      }).pipe(Effect.provide(databaseAt(url, 1)))
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* checkFitness(4)
        const [session] = yield* sql`SELECT current_setting('transaction_isolation') AS isolation,
          current_setting('transaction_read_only') AS read_only`
        assert.deepStrictEqual(session, { isolation: "read committed", read_only: "off" })
      }).pipe(Effect.provide(databaseAt(url, 4)))
    }).pipe(Effect.scoped))
})

/** What our sessions set in their start packet, and the driver. */
const settingNames = [...Object.keys(relied), "extra_float_digits", "options"].join(",").toLowerCase()

const started = (url: string, wait_seconds: number, connections_max = 4) =>
  Layer.build(
    layerChecked({ url: Redacted.make(url), connections_max, wait_seconds }).pipe(
      Layer.provide(NoCipher.layer)
    )
  )

describe("a start", () => {
  it.live("shares its own pool out, whatever another one in this process has", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const pools = [yield* started(url, 60, 4), yield* started(url, 60, 12)]
      const strangers = pools.map((pool) => Context.get(pool, PoolShares)?.strangers)
      assert.notStrictEqual(strangers[0], strangers[1])
      // One place of four connections: a second stranger waits, and one of three does not.
      const taken = strangers.map((share) => share?.takeIfAvailable(2))
      assert.deepStrictEqual(yield* Effect.all(taken.map((each) => each ?? Effect.succeed(null))), [
        false,
        true
      ])
    }).pipe(Effect.scoped))

  it.live("waits for a database that comes back", () =>
    Effect.gen(function*() {
      const proxy = yield* tcpProxy(yield* freshDatabaseUrl)
      yield* proxy.refuse
      const starting = yield* Effect.forkScoped(started(proxy.url, 60))
      yield* proxy.refusals(2)
      yield* proxy.accept
      yield* Fiber.join(starting)
    }).pipe(Effect.scoped), 30_000)

  it.live("does not wait for what the operator must mend", () =>
    Effect.gen(function*() {
      const url = new URL(yield* freshDatabaseUrl)
      url.pathname = "/no_such_database"
      assert.isTrue((yield* Effect.exit(started(url.toString(), 60)))._tag === "Failure")
    }).pipe(Effect.scoped))

  for (const [how, ignored] of [["as it comes", ""], ["told to ignore them", settingNames]] as const) {
    it.live(
      `through a pooler in transaction mode, ${how}, is refused with the reason`,
      () =>
        Effect.gen(function*() {
          const pooled = yield* poolerOf(yield* freshDatabaseUrl, ignored)
          const exit = yield* Effect.exit(started(pooled, 60))
          assert.match(
            Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "started",
            /pooler|startup parameter/
          )
        }).pipe(Effect.scoped),
      30_000
    )
  }
})
