// The migration that notes used sign-ins, on a database that has been in use: a token that the version before
// rotated keeps its ten seconds, and nothing more.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import people from "../../../migrations/0001_create_people.ts"
import noteUsedSignIns from "../../../migrations/0014_note_used_sign_ins.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import * as NoCipher from "../../../src/layers/encryption/cipher.none.ts"
import * as SignIns from "../../../src/layers/accounts/sign-ins.postgres.ts"
import { SignIns as Port } from "../../../src/services/accounts/sign-ins.ts"
import { customerId, hour, idOf, t0 } from "../../../testkit/conformance/given.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"

const port = Layer.provide(SignIns.layer, NoCipher.layer)

const before = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  yield* sql`DROP SCHEMA public CASCADE`
  yield* sql`CREATE SCHEMA public`
  yield* people
  const row = (n: number, rotatedAt: number | null) =>
    sql`INSERT INTO auth_sessions (id, family_id, user_type, user_id, refresh_hash, created_at, expires_at,
        rotated_at)
      VALUES (${idOf(n)}, ${idOf(1)}, 'customer', ${customerId}, ${`hash-${n}`}, ${timestamp(t0)},
        ${timestamp(t0 + 720 * hour)}, ${rotatedAt === null ? null : timestamp(rotatedAt)})`
  yield* row(1, t0)
  yield* row(2, null)
})

const rotate = (n: number, at: number) =>
  Effect.flatMap(Port, (port) =>
    port.rotate({
      refresh_hash: `hash-${n}`,
      next: { id: idOf(n + 10 + at), refresh_hash: `next-${n}-${at}`, expires_at: t0 + 800 * hour },
      now: t0 + at,
      grace_ms: 10
    }))

describe("the migration that notes used sign-ins", () => {
  it.live("keeps tokens of before: unused ones are exchanged, rotated ones have their grace alone", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        yield* before
        yield* noteUsedSignIns
        assert.strictEqual((yield* rotate(1, 10))._tag, "Rotated")
        assert.strictEqual((yield* rotate(2, 20))._tag, "Rotated")
        assert.strictEqual((yield* rotate(2, 60))._tag, "Rotated", "its answer was lost")
      }).pipe(Effect.provide(port), Effect.provide(databaseAt(url, 2)))
      yield* Effect.gen(function*() {
        yield* before
        yield* noteUsedSignIns
        assert.strictEqual((yield* rotate(1, 11))._tag, "Reused")
      }).pipe(Effect.provide(port), Effect.provide(databaseAt(url, 2)))
    }).pipe(Effect.scoped))
})
