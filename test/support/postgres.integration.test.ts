// The test databases themselves: every test starts from the migrated schema and sees no other test's rows.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { currentVersion, schemaVersion } from "../../src/layers/platform/postgres/migrations.ts"
import { databaseAt, freshDatabase, freshDatabaseUrl } from "./postgres.ts"

const addMitra = (phone: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO mitras (id, display_name, phone, created_at)
      VALUES ('018f0000-0000-7000-8000-000000000001', 'Ayu', ${phone}, '2026-01-01T00:00:00Z')`
    return yield* sql`SELECT id FROM mitras`
  })

describe("a fresh database", () => {
  it.live("is at the newest schema version", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* currentVersion, schemaVersion)
    }).pipe(Effect.provide(freshDatabase)))

  it.live("is not shared with another test's", () =>
    Effect.gen(function*() {
      assert.lengthOf(yield* Effect.provide(addMitra("+628110000001"), freshDatabase), 1)
      assert.lengthOf(yield* Effect.provide(addMitra("+628110000002"), freshDatabase), 1)
    }))

  it.live("can be reached by several pools through its url", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.provide(addMitra("+628110000001"), databaseAt(url))
      const sql = yield* Effect.provide(
        Effect.gen(function*() {
          const client = yield* SqlClient.SqlClient
          return yield* client`SELECT phone FROM mitras`
        }),
        databaseAt(url)
      )
      assert.deepStrictEqual(sql, [{ phone: "+628110000001" }])
    }))
})
