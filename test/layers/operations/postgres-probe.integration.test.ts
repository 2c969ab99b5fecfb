// A Postgres that answers and is of no use all the same: read-only after a failover, full, behind in its
// schema. Each is told apart, for readiness and for the log.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { postgresTrouble } from "../../../src/layers/operations/postgres-probe.ts"
import { answered } from "../../../src/layers/platform/postgres/failure.ts"
import { emptyFailureLog, FailureLog } from "../../../src/services/operations/failures.ts"
import { databaseAt, freshDatabase, freshDatabaseUrl } from "../../support/postgres.ts"

const layer = Layer.merge(freshDatabase, Layer.sync(FailureLog, emptyFailureLog))

const failsWith = (sqlstate: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const exit = yield* Effect.exit(
      answered(sql.unsafe(`DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '${sqlstate}'; END $$`))
    )
    // Passing troubles, none of them our defect.
    assert.include(JSON.stringify(exit), `"what":"postgres"`)
    return [...(yield* FailureLog).last.keys()]
  })

describe("the probe of Postgres", () => {
  it.effect("finds nothing wrong with a database that answers, writes and has our schema", () =>
    Effect.map(postgresTrouble, (trouble) => assert.isNull(trouble)).pipe(Effect.provide(layer)))

  it.live("finds a server that became read-only", () =>
    Effect.gen(function*() {
      // Our sessions ask to write whatever the database's default is, so this one is told otherwise.
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
      assert.strictEqual(yield* postgresTrouble, "postgres_read_only")
    }).pipe(Effect.provide(Layer.unwrap(Effect.map(freshDatabaseUrl, (url) => databaseAt(url, 1))))))

  it.live("asks for room after a statement failed for want of it, until there is some", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* failsWith("53100"), ["postgres_full"])
      assert.isNull(yield* postgresTrouble)
      yield* sql.unsafe(`CREATE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
      yield* sql.unsafe(`CREATE EVENT TRIGGER full_disk ON ddl_command_start
        WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION no_room()`)
      assert.strictEqual(yield* postgresTrouble, "postgres_full")
      yield* sql.unsafe(`DROP EVENT TRIGGER full_disk`)
      assert.isNull(yield* postgresTrouble)
    }).pipe(Effect.provide(layer)))

  it.live("finds a schema that is older than this code, and lets a newer one be that is for it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe(`UPDATE schema_migrations SET migration_id = migration_id + 1000`)
      assert.isNull(yield* postgresTrouble)
      yield* sql.unsafe(`UPDATE schema_window SET oldest_code = 1000`)
      assert.strictEqual(yield* postgresTrouble, "schema_mismatch")
      yield* sql.unsafe(`DELETE FROM schema_migrations`)
      assert.strictEqual(yield* postgresTrouble, "schema_mismatch")
    }).pipe(Effect.provide(layer)))
})

describe("a failed statement", () => {
  it.live("is told apart by its SQLSTATE, and is no defect of ours", () =>
    Effect.gen(function*() {
      yield* failsWith("25006")
      yield* failsWith("53300")
      yield* failsWith("57014")
      const kinds = yield* failsWith("28P01")
      assert.deepStrictEqual(kinds, [
        "postgres_read_only",
        "postgres_too_many_connections",
        "postgres_statement_timeout",
        "postgres_login_refused"
      ])
    }).pipe(Effect.provide(layer)))
})
