// What real Postgres troubles look like to a port's caller: passing ones are Unavailable, our own
// mistakes are defects.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { answered } from "../../../../src/layers/platform/postgres/failure.ts"
import { Unavailable } from "../../../../src/services/platform/unavailable.ts"
import { databaseAt, freshDatabaseUrl } from "../../../support/postgres.ts"

const unavailable = Exit.fail(new Unavailable({ what: "postgres", retryable: true }))

/** Runs on one connection; `terminate` ends that connection from another one. */
const withTerminator = (
  body: (sql: SqlClient.SqlClient, terminate: Effect.Effect<void>) => Effect.Effect<void, unknown>
) =>
  Effect.gen(function*() {
    const url = yield* freshDatabaseUrl
    const name = new URL(url).pathname.slice(1)
    const other = Context.get(yield* Layer.build(databaseAt(url, 1)), SqlClient.SqlClient)
    yield* other`SELECT 1`
    const terminate = other`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = ${name} AND pid <> pg_backend_pid()`.pipe(Effect.asVoid, Effect.orDie)
    yield* Effect.flatMap(SqlClient.SqlClient, (sql) => body(sql, terminate)).pipe(
      Effect.provide(databaseAt(url, 1))
    )
  })

describe("a failed statement", () => {
  it.live("on a connection that was closed while idle is unavailable, and the next one works", () =>
    withTerminator((sql, terminate) =>
      Effect.gen(function*() {
        yield* sql`SELECT 1`
        yield* terminate
        const first = yield* Effect.exit(answered(sql`SELECT 1 AS one`))
        if (Exit.isFailure(first)) assert.deepStrictEqual<unknown>(first, unavailable)
        assert.deepStrictEqual(yield* answered(sql`SELECT 1 AS one`), [{ one: 1 }])
      })
    ))

  it.live("inside a transaction whose connection dies is unavailable, not a defect", () =>
    withTerminator((sql, terminate) =>
      Effect.gen(function*() {
        const exit = yield* sql`SELECT 1`.pipe(
          Effect.andThen(terminate),
          Effect.andThen(sql`SELECT 2`),
          sql.withTransaction,
          answered,
          Effect.exit
        )
        assert.deepStrictEqual<unknown>(exit, unavailable)
      })
    ))

  it.live("that takes too long or waits too long for a lock is unavailable", () =>
    withTerminator((sql) =>
      Effect.gen(function*() {
        const slow = sql`SET LOCAL statement_timeout = 10`.pipe(Effect.andThen(sql`SELECT pg_sleep(5)`))
        assert.deepStrictEqual<unknown>(yield* Effect.exit(answered(sql.withTransaction(slow))), unavailable)
      })
    ))

  it.live("that waits for the rows of a runner frozen in a transaction gets them in time", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const frozen = Context.get(yield* Layer.build(databaseAt(url, 1)), SqlClient.SqlClient)
      const other = Context.get(yield* Layer.build(databaseAt(url, 1)), SqlClient.SqlClient)
      yield* frozen`CREATE TABLE owned (id int PRIMARY KEY, owner text)`
      yield* frozen`INSERT INTO owned VALUES (1, 'nobody')`
      const own = (sql: SqlClient.SqlClient, owner: string) => sql`UPDATE owned SET owner = ${owner}`
      const isHeld = yield* Deferred.make<void>()
      const goesOn = yield* Deferred.make<void>()
      const held = yield* own(frozen, "frozen").pipe(
        Effect.andThen(Deferred.succeed(isHeld, undefined)),
        Effect.andThen(Deferred.await(goesOn)),
        Effect.andThen(frozen`SELECT 1`),
        frozen.withTransaction,
        answered,
        Effect.exit,
        Effect.forkChild
      )
      yield* Deferred.await(isHeld)
      yield* answered(own(other, "other"))
      yield* Deferred.succeed(goesOn, undefined)
      assert.deepStrictEqual<unknown>(yield* Fiber.join(held), unavailable)
      assert.deepStrictEqual(yield* other`SELECT owner FROM owned`, [{ owner: "other" }])
      assert.deepStrictEqual(yield* answered(frozen`SELECT 1 AS one`), [{ one: 1 }])
    }))

  it.live("that breaks a constraint or is wrong dies, also inside a transaction", () =>
    withTerminator((sql) =>
      Effect.gen(function*() {
        const bad =
          sql`INSERT INTO pricing_tiers VALUES ('Bad Id', '', 'chat', 1, 1, true, 1, ${"2026-01-01"})`
        for (const statement of [bad, sql`SELEC 1`]) {
          assert.isTrue(Exit.hasDies(yield* Effect.exit(answered(statement))))
          assert.isTrue(Exit.hasDies(yield* Effect.exit(answered(sql.withTransaction(statement)))))
        }
      })
    ))
})
