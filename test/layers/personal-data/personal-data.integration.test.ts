// The PersonalData suite over Postgres, plain and with sealed texts; and its migration, on people of before.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { SecureRandom } from "effect/crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import erasePeople from "../../../migrations/0019_erase_people.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import * as PersonalDataPostgres from "../../../src/layers/personal-data/personal-data.postgres.ts"
import { personalData } from "../../../testkit/conformance/personal-data.ts"
import { sealing } from "../../support/keys.ts"
import { PersonalData } from "../../../src/services/personal-data/personal-data.ts"
import { idOf, mitraId, t0 } from "../../../testkit/conformance/given.ts"
import { freshDatabase } from "../../support/postgres.ts"
import { onPostgres } from "../on-postgres.ts"

const adapters = onPostgres.pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto]))

personalData("postgres", adapters.pipe(Layer.provide(CipherNone.layer)))
personalData("postgres, sealed", adapters.pipe(Layer.provide(sealing("k1"))))

const port = Layer.provide(PersonalDataPostgres.layer, CipherNone.layer)

describe("the migration that erases people", () => {
  it.live("lets a mitra of before go, and keeps the phone of every other", () =>
    Effect.gen(function*() {
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* sql`DROP INDEX customers_to_erase, customers_anonymous, one_time_codes_by_age,
          auth_sessions_by_end, commands_seen_by_age, webhook_logs_by_age`
        yield* sql`ALTER TABLE customers DROP COLUMN deleted_at, DROP COLUMN erased_at`
        yield* sql`ALTER TABLE mitras DROP COLUMN deleted_at,
          ADD CONSTRAINT mitras_check CHECK (num_nonnulls(phone, phone_sealed) = 1)`
        yield* sql`INSERT INTO mitras (id, display_name, phone, created_at)
          VALUES (${mitraId}, 'Ayu', '+628110000001', now()), (${idOf(2)}, 'Bunga', '+628110000002', now())`
        yield* erasePeople
        const person = { user_type: "mitra", user_id: mitraId } as const
        assert.deepStrictEqual(yield* (yield* PersonalData).erase(person, t0), { _tag: "Erased" })
        const without = yield* Effect.exit(sql`UPDATE mitras SET phone = NULL WHERE id = ${idOf(2)}`)
        assert.strictEqual(without._tag, "Failure")
      }).pipe(Effect.provide(port), Effect.provide(freshDatabase))
    }).pipe(Effect.scoped))
})
