// The Trust suite over Postgres, plain and with sealed texts; and its migration, on people who have met.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { SecureRandom } from "effect/crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import people from "../../../migrations/0001_create_people.ts"
import blockAndReport from "../../../migrations/0018_block_and_report.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import * as TrustPostgres from "../../../src/layers/trust/trust.postgres.ts"
import { trust } from "../../../testkit/conformance/trust.ts"
import { sealing } from "../../support/keys.ts"
import { Trust } from "../../../src/services/trust/trust.ts"
import { customerId, idOf, mitraId, t0 } from "../../../testkit/conformance/given.ts"
import { databaseAt, freshDatabase, freshDatabaseUrl } from "../../support/postgres.ts"
import { onPostgres } from "../on-postgres.ts"

const adapters = onPostgres.pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto]))

trust("postgres", adapters.pipe(Layer.provide(CipherNone.layer)))
trust("postgres, sealed", adapters.pipe(Layer.provide(sealing("k1"))))

const port = Layer.provide(TrustPostgres.layer, CipherNone.layer)

describe("the migration of blocks and reports", () => {
  it.live("works for people who were there before", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* sql`DROP SCHEMA public CASCADE`
        yield* sql`CREATE SCHEMA public`
        yield* people
        yield* sql`INSERT INTO customers (id, call_name, created_at) VALUES (${customerId}, 'Sari', now())`
        yield* sql`INSERT INTO mitras (id, display_name, phone, created_at)
          VALUES (${mitraId}, 'Ayu', '+628110000001', now())`
        yield* blockAndReport
        const pair = { customer_id: customerId, mitra_id: mitraId }
        const trust = yield* Trust
        yield* trust.block({ ...pair, id: idOf(1), by_side: "mitra", session_id: idOf(2), at: t0 })
        assert.isTrue(yield* trust.isBlocked(pair))
      }).pipe(Effect.provide(port), Effect.provide(databaseAt(url, 2)))
    }).pipe(Effect.scoped))
})
