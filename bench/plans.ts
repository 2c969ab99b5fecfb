// What the calls of every day read and cost on a database that has grown: `npm run bench -- plans [millions
// of messages]`, 1 unless said. 50 need 20 GB of disk and a quarter of an hour. Tests run the same calls on
// a slice (test/layers/platform/postgres/plans.integration.test.ts).
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import * as Cipher from "../src/layers/encryption/cipher.none.ts"
import * as Pool from "../src/layers/platform/postgres/client.ts"
import { stores } from "../src/platform.ts"
import { grow } from "../testkit/postgres/grown-data.ts"
import { hotCalls, sampleOf } from "../testkit/postgres/hot-calls.ts"
import { type Read, readsOf } from "../testkit/postgres/rows-read.ts"
import { benchDatabase, durability } from "./postgres.ts"

const messages = Number(process.argv[3] ?? "1") * 1e6
const size = { chats: messages / 50, messages_each: 50, mitras: 2000, months: 24 }

const measure = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const began = performance.now()
  yield* grow(size)
  const [row] = yield* sql<{ size: string; messages: bigint }>`
    SELECT pg_size_pretty(pg_database_size(current_database())) AS size, count(*) AS messages FROM messages`
  console.log(
    `${row?.messages} messages of ${size.chats} chats, ${row?.size}, made in ` +
      `${Math.round((performance.now() - began) / 1000)} s; ${yield* durability(sql)}`
  )
  const sample = yield* sampleOf
  console.log("\n| call | ms | rows read by index | by scan |\n|---|---|---|---|")
  for (const { name, run } of hotCalls) {
    const measured = yield* Effect.result(readsOf(run(sample)))
    if (Result.isFailure(measured)) {
      console.log(`| ${name} | FAILED ${String(measured.failure)} |`)
      continue
    }
    const { ms, reads } = measured.success
    const listed = (rows: (read: Read) => number) =>
      reads.filter((read) => rows(read) > 0).map((read) => `${read.table} ${rows(read)}`).join(", ")
    console.log(
      `| ${name} | ${ms.toFixed(1)} | ${listed((read) => read.by_index)} | ${
        listed((read) => read.by_scan)
      } |`
    )
  }
})

const pool = Layer.unwrap(
  Effect.map(benchDatabase, (url) => Pool.layer({ url, application: "bench", connections_max: 1 }))
)

export const bench = Effect.scoped(measure.pipe(
  Effect.provide(Layer.provideMerge(stores, Layer.mergeAll(pool, Cipher.layer, SecureRandom.layerWebCrypto)))
))
