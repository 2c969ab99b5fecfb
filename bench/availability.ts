// Availability from the Valkey mirror against availability from the rows, side by side: pings, searches,
// counts and reseeds with 1,000 and with 20,000 mitras online. Ends with a failure when the mirror's
// search is not nearly flat, or a reseed of 20,000 takes two seconds.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import { layerMirrored } from "../src/layers/availability/availability.ts"
import * as Rows from "../src/layers/availability/availability.postgres.ts"
import { timestamp } from "../src/layers/platform/postgres/columns.ts"
import * as Pool from "../src/layers/platform/postgres/client.ts"
import * as Connection from "../src/layers/platform/valkey/connection.ts"
import { Availability } from "../src/services/availability/availability.ts"
import { Mirror } from "../src/services/availability/mirror.ts"
import { findValkey } from "../test/support/find-valkey.ts"
import { valkeyProgram } from "../test/support/valkey-program.ts"
import { benchDatabase, durability, serverCpuMs } from "./postgres.ts"

const sizes = [1_000, 20_000]
const asked = 20
const searches = 500
const pingRounds = 3
const pingsAtOnce = 400
const poolSize = 10

type Port = Availability["Service"]
type Command = (name: string, ...args: ReadonlyArray<string | number>) => Effect.Effect<unknown>

const idOf = (number: number): string => `018f0000-0000-7000-8000-${String(number).padStart(12, "0")}`

/** One in ten has a chat, so that a search has something to pass over. */
const populate = Effect.fnUntraced(function*(count: number) {
  const sql = yield* SqlClient.SqlClient
  const now = timestamp(yield* Clock.currentTimeMillis)
  yield* sql`ALTER TABLE mitra_slots DROP CONSTRAINT IF EXISTS mitra_slots_session_id_fkey`
  yield* sql`TRUNCATE mitras CASCADE`
  const ids = Array.from({ length: count }, (_, index) => idOf(index))
  yield* sql`INSERT INTO mitras (id, display_name, phone, created_at)
    SELECT id, 'Mitra ' || n, '+62811' || lpad(n::text, 7, '0'), ${now}
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS given (id, n)`
  yield* sql`INSERT INTO mitra_status (mitra_id, is_online, online_since, last_heartbeat_at)
    SELECT id, true, ${now}, ${now} FROM mitras`
  yield* sql`INSERT INTO mitra_slots (mitra_id, slot, session_id, claimed_at)
    SELECT id, 0, gen_random_uuid(), ${now}::timestamptz FROM mitras WHERE id::text LIKE '%0'`
  yield* sql`ANALYZE`
})

const percentile = (values: ReadonlyArray<number>, part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0

const clockMs = Effect.map(
  Effect.service(Clock.Clock),
  (clock) => () => Number(clock.currentTimeNanosUnsafe()) / 1e6
)

/** p50 and p99 of `searches` asks, one after the other. */
const latencies = Effect.fnUntraced(function*(ask: (index: number) => Effect.Effect<unknown, unknown>) {
  const now = yield* clockMs
  const took: Array<number> = []
  for (let index = 0; index < searches; index++) {
    const start = now()
    yield* ask(index)
    took.push(now() - start)
  }
  return { p50: percentile(took, 0.5), p99: percentile(took, 0.99) }
})

const valkeyCpuMs = (command: Command) =>
  Effect.map(command("INFO", "cpu"), (info) => {
    const of = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(String(info))?.[1] ?? 0)
    return (of("used_cpu_user") + of("used_cpu_sys")) * 1000
  })

const pings = Effect.fnUntraced(function*(port: Port, count: number, command: Command) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* clockMs
  const numbers = Array.from({ length: count * pingRounds }, (_, index) => index % count)
  const servers = Effect.map(
    Effect.all([serverCpuMs(sql), valkeyCpuMs(command)]),
    ([rows, valkey]) => (rows ?? 0) + valkey
  )
  const [cpuBefore, serverBefore, start] = [process.cpuUsage(), yield* servers, now()]
  yield* Effect.forEach(
    numbers,
    (number) => Effect.flatMap(Clock.currentTimeMillis, (at) => port.heartbeat(idOf(number), at)),
    {
      concurrency: pingsAtOnce,
      discard: true
    }
  )
  const took = now() - start
  const cpu = process.cpuUsage(cpuBefore)
  return {
    per_second: numbers.length / took * 1000,
    client_us: (cpu.user + cpu.system) / numbers.length,
    server_us: ((yield* servers) - serverBefore) * 1000 / numbers.length
  }
})

const measure = Effect.fnUntraced(function*(port: Port, count: number, command: Command) {
  const search = (index: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      port.candidates({
        now,
        stale_before: now - 600_000 - index,
        max_customers: 3,
        declined_since: null,
        open_offers_max: 5,
        wanted: { topic: "regular", language: null },
        limit: asked,
        exclude: [],
        only: null
      }))
  const count_ = (index: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      // Another rule each time: counts by one rule are shared for a second.
      port.counts({ now, stale_before: now - 600_000 - index, max_customers: 3 }))
  // What is compiled on the way must not be on one side's bill only.
  yield* latencies(search)
  yield* pings(port, count, command)
  return {
    search: yield* latencies(search),
    counts: yield* latencies(count_),
    pings: yield* pings(port, count, command)
  }
})

const ms = (value: number) => `${value.toFixed(2)} ms`
const us = (value: number) => `${value.toFixed(1)} us`
type Measured = Effect.Success<ReturnType<typeof measure>>

const report = (path: string, { counts, pings, search }: Measured) => {
  console.log(`  ${path}`)
  console.log(`    candidates, k = ${asked}   p50 ${ms(search.p50)}   p99 ${ms(search.p99)}`)
  console.log(`    counts               p50 ${ms(counts.p50)}   p99 ${ms(counts.p99)}`)
  console.log(
    `    heartbeats           ${Math.round(pings.per_second)}/s   CPU each: ` +
      `${us(pings.client_us)} here, ${us(pings.server_us)} in the servers`
  )
}

const size = Effect.fnUntraced(function*(count: number, url: string, command: Command) {
  yield* populate(count)
  yield* command("FLUSHALL")
  console.log(`\n${count.toLocaleString("en")} mitras online`)
  const rowsContext = yield* Layer.build(Layer.fresh(Rows.layer))
  const rows = yield* measure(Context.get(rowsContext, Availability), count, command)
  report("Postgres", rows)
  const context = yield* Layer.build(
    Layer.fresh(layerMirrored({ write_back_seconds: 60 })).pipe(
      Layer.provide(Layer.fresh(Connection.layer({ url: Redacted.make(url) }))),
      Layer.provide(SecureRandom.layerWebCrypto)
    )
  )
  const mirror = Context.get(context, Mirror)
  const valkey = yield* measure(Context.get(context, Availability), count, command)
  report("Valkey", valkey)
  const start = yield* Clock.currentTimeMillis
  const written = yield* mirror.writeBackHeartbeats
  const writeBackMs = (yield* Clock.currentTimeMillis) - start
  const again = yield* mirror.reseed
  yield* command("FLUSHALL")
  const empty = yield* mirror.reseed
  console.log(
    `    reseed               ${empty.took_ms} ms from empty, ${again.took_ms} ms when nothing differs`
  )
  console.log(`    write-back           ${written.written} rows in ${writeBackMs} ms`)
  console.log(
    `  Valkey is ${(rows.search.p50 / valkey.search.p50).toFixed(1)} times faster at a search, ` +
      `${(rows.counts.p50 / valkey.counts.p50).toFixed(1)} times at counts, and a ping costs ` +
      `${
        ((rows.pings.client_us + rows.pings.server_us) / (valkey.pings.client_us + valkey.pings.server_us))
          .toFixed(1)
      } ` +
      `times less CPU`
  )
  return { search_ms: valkey.search.p50, reseed_ms: Math.max(again.took_ms, empty.took_ms) }
}, Effect.scoped)

const withValkey = Effect.gen(function*() {
  const found = yield* findValkey
  if (found.program === null) {
    return yield* Effect.die("This bench starts its own Valkey: it needs a program on PATH")
  }
  const { command, url } = yield* valkeyProgram(found.program)
  const sql = yield* SqlClient.SqlClient
  console.log(`${yield* durability(sql)}; Valkey: ${found.from}`)
  const small = yield* size(sizes[0]!, url, command)
  const large = yield* size(sizes[1]!, url, command)
  const growth = large.search_ms / small.search_ms
  console.log(
    `\nfrom ${sizes[0]} to ${sizes[1]} mitras the mirror's search takes ${growth.toFixed(2)} times as long`
  )
  if (growth > 1.5) return yield* Effect.die("the mirror's search is not flat")
  if (large.reseed_ms >= 2_000) return yield* Effect.die("a reseed of 20,000 takes two seconds or more")
})

export const bench = Effect.gen(function*() {
  const url = yield* benchDatabase
  const database = Pool.layer({ url, application: "bench", connections_max: poolSize })
  yield* Effect.provide(withValkey, database)
}).pipe(Effect.scoped, Effect.provide(Layer.succeed(References.MinimumLogLevel)("Error")))
