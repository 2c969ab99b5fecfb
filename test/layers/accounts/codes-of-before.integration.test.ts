// The migration that binds codes to who asked for them, on a database in use: a code that the version before
// sent is answered as it was meant, by the newest one.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import people from "../../../migrations/0001_create_people.ts"
import bindCodes from "../../../migrations/0015_bind_codes_to_their_askers.ts"
import * as NoCipher from "../../../src/layers/encryption/cipher.none.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import * as SignIns from "../../../src/layers/accounts/sign-ins.postgres.ts"
import { SignIns as Port } from "../../../src/services/accounts/sign-ins.ts"
import { idOf, minute, t0 } from "../../../testkit/conformance/given.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"

const port = Layer.provide(SignIns.layer, NoCipher.layer)
const phone = "+628110000001"

describe("the migration that binds codes to who asked", () => {
  it.live("leaves codes of before to whoever has them, for the minutes that they live", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* sql`DROP SCHEMA public CASCADE`
        yield* sql`CREATE SCHEMA public`
        yield* people
        const insert =
          sql`INSERT INTO one_time_codes (id, phone, user_type, code_hash, ip, created_at, expires_at)
          VALUES (${idOf(1)}, ${phone}, 'mitra', 'hash', '10.0.0.1', ${timestamp(t0)},
            ${timestamp(t0 + 5 * minute)})`
        yield* insert
        yield* bindCodes
        const checked = yield* (yield* Port).checkCode({
          phone,
          user_type: "mitra",
          asked_by: "device:hers",
          code_hashes: ["hash"],
          attempts_max: 5,
          now: t0 + minute
        })
        assert.strictEqual(checked, "matched")
      }).pipe(Effect.provide(port), Effect.provide(databaseAt(url, 2)))
    }).pipe(Effect.scoped))
})
