// What servers ask of a database all day, on one that has grown: each call goes by indexes and reads few
// rows, however many there are. `npm run bench -- plans` measures the same calls on millions.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import indexAnomalies from "../../../../migrations/0028_index_anomalies.ts"
import indexAnsweredOffers from "../../../../migrations/0032_index_answered_offers.ts"
import * as Cipher from "../../../../src/layers/encryption/cipher.none.ts"
import { grow } from "../../../../testkit/postgres/grown-data.ts"
import { hotCalls, sampleOf } from "../../../../testkit/postgres/hot-calls.ts"
import { readsOf } from "../../../../testkit/postgres/rows-read.ts"
import { databaseAt, freshDatabaseUrl } from "../../../support/postgres.ts"
import { stores } from "../../../../src/platform.ts"

/** Tables that grow with every chat or every day. */
const grown = [
  "auth_sessions",
  "chat_request_notifications",
  "chat_sessions",
  "commands_seen",
  "customers",
  "messages",
  "mitra_assignments",
  "mitra_online_logs",
  "payment_requests",
  "push_outbox",
  "session_events",
  "webhook_logs"
]

describe("on a database that has grown", { timeout: 60_000 }, () => {
  it.live("no call of every day scans a table or reads many rows", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        yield* grow({ chats: 4000, messages_each: 8, mitras: 400, months: 3 })
        // As a database of the version before gets it.
        yield* (yield* SqlClient.SqlClient)`DROP INDEX payment_requests_anomalies, offers_answered_of_mitra`
        yield* Effect.andThen(indexAnomalies, indexAnsweredOffers)
        const sample = yield* sampleOf
        const wrong: Array<string> = []
        for (const { name, rows_max = 500, run } of hotCalls) {
          const { reads } = yield* readsOf(run(sample))
          for (const { by_index, by_scan, table } of reads) {
            if (!grown.includes(table)) continue
            // A part of a few rows is read whole sooner than its index.
            if (by_scan > 100) wrong.push(`${name}: scans ${by_scan} rows of ${table}`)
            if (by_index > rows_max) wrong.push(`${name}: reads ${by_index} rows of ${table}`)
          }
        }
        assert.deepStrictEqual(wrong, [])
      }).pipe(
        Effect.provide(Layer.provideMerge(
          stores,
          Layer.mergeAll(databaseAt(url, 1), Cipher.layer, SecureRandom.layerWebCrypto)
        ))
      )
    }).pipe(Effect.scoped))
})
