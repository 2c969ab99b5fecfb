// Group commit against one transaction per turn: the same chats send the same messages, decided by the
// real machine and written by the real statements; only the grouping differs. Medians of several rounds.
import { SecureRandom } from "effect/crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as CipherNone from "../src/layers/encryption/cipher.none.ts"
import * as JournalPostgres from "../src/layers/journal/journal.postgres.ts"
import { defaultLimits, makeGroupCommit } from "../src/layers/journal/group-commit.ts"
import * as PaymentsPostgres from "../src/layers/payments/payments.postgres.ts"
import * as PricingPostgres from "../src/layers/payments/pricing.postgres.ts"
import * as StaffPostgres from "../src/layers/accounts/staff.postgres.ts"
import * as PeoplePostgres from "../src/layers/accounts/accounts.postgres.ts"
import * as SessionOversightPostgres from "../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViewsPostgres from "../src/layers/sessions/session-views.postgres.ts"
import * as SessionsPostgres from "../src/layers/sessions/sessions.postgres.ts"
import * as MitrasPostgres from "../src/layers/accounts/mitras.postgres.ts"
import * as Pool from "../src/layers/platform/postgres/client.ts"
import { Journal } from "../src/services/journal/journal.ts"
import { t0, times } from "../testkit/conformance/given.ts"
import * as Stage from "../testkit/conformance/stage.ts"
import { median } from "./measuring.ts"
import { benchDatabase, durability, serverCpuMs } from "./postgres.ts"

const chats = 200
const rounds = 5
const messagesPerChat = 20
const poolSize = 10
const atOnceSteps = [1, 8, 64, 200]

interface Measured {
  readonly per_second: number
  readonly median_ms: number
  readonly client_us: number
  readonly server_us: number | null
}

type Commit = Journal["Service"]["commit"]

/** Every one of `atOnce` chats sends its messages, each after the answer to the one before. */
const measure = Effect.fnUntraced(
  function*(commit: Commit, owners: ReadonlyArray<Stage.Owner>, round: string) {
    const sql = yield* SqlClient.SqlClient
    const clock = yield* Clock.Clock
    const latencies: Array<number> = []
    const perChat = owners.length === 1 ? messagesPerChat * 10 : messagesPerChat
    const now = () => Number(clock.currentTimeNanosUnsafe()) / 1e6
    const chat = (owner: Stage.Owner) =>
      Effect.gen(function*() {
        const by = { side: "customer", id: owner.state.customer_id } as const
        for (const index of times(perChat)) {
          const message = Stage.send(
            by,
            `${round}-${index}`,
            "Halo, apa kabar hari ini? Aku mau cerita sedikit."
          )
          const { after, write } = yield* Stage.make(owner, message, { at: t0 + 1000 })
          const start = now()
          const verdict = yield* commit(write)
          latencies.push(now() - start)
          if (verdict._tag !== "Committed") return yield* Effect.die(new Error(verdict._tag))
          owner.state = after
        }
      })
    const server = yield* serverCpuMs(sql)
    const client = process.cpuUsage()
    const start = now()
    yield* Effect.forEach(owners, chat, { concurrency: "unbounded", discard: true })
    const elapsed = now() - start
    const { system, user } = process.cpuUsage(client)
    const after = yield* serverCpuMs(sql)
    const count = latencies.length
    return {
      per_second: count / elapsed * 1000,
      median_ms: median(latencies),
      client_us: (system + user) / count,
      server_us: server === null || after === null ? null : (after - server) * 1000 / count
    } satisfies Measured
  }
)

const medians = (all: ReadonlyArray<Measured>): Measured => ({
  per_second: median(all.map((each) => each.per_second)),
  median_ms: median(all.map((each) => each.median_ms)),
  client_us: median(all.map((each) => each.client_us)),
  server_us: all.some((each) => each.server_us === null)
    ? null
    : median(all.map((each) => each.server_us ?? 0))
})

const cpu = (measured: Measured): number => measured.client_us + (measured.server_us ?? 0)

const report = (atOnce: number, name: string, measured: Measured) => {
  const server = measured.server_us === null ? "?" : measured.server_us.toFixed(0)
  console.log(
    `${String(atOnce).padStart(8)}  ${name.padEnd(22)} ${measured.per_second.toFixed(0).padStart(9)}/s` +
      `  ${measured.median_ms.toFixed(2).padStart(8)} ms  ${measured.client_us.toFixed(0).padStart(6)} us` +
      `  ${server.padStart(6)} us`
  )
}

const compare = Effect.gen(function*() {
  const writer = yield* JournalPostgres.makeWriter
  const grouped = yield* makeGroupCommit(writer, defaultLimits)
  const ways: ReadonlyArray<readonly [string, Commit]> = [
    ["one transaction a turn", writer.writeOne],
    ["group commit", grouped]
  ]
  yield* Stage.givenMitras(...times(chats).map((index) => index + 1))
  const owners = yield* Effect.forEach(times(chats), (index) => Stage.givenChat(index + 1, index + 1)).pipe(
    Effect.provideService(Journal, Journal.of({ commit: grouped, outcomeOf: () => Effect.succeed(null) }))
  )
  for (const [name, commit] of ways) yield* measure(commit, owners, `warm-up-${name.slice(0, 3)}`)
  console.log(
    "at once   way                        messages  median wait   client   server (CPU per message)"
  )
  for (const atOnce of atOnceSteps) {
    const found = ways.map((): Array<Measured> => [])
    for (const round of times(rounds)) {
      for (const [index, [name, commit]] of ways.entries()) {
        const tag = `${name.slice(0, 3)}-${atOnce}-${round}`
        found[index]!.push(yield* measure(commit, owners.slice(0, atOnce), tag))
      }
    }
    const [writeOne, group] = found.map(medians)
    report(atOnce, ways[0]![0], writeOne!)
    report(atOnce, ways[1]![0], group!)
    const faster = (group!.per_second / writeOne!.per_second).toFixed(1)
    console.log(
      `${" ".repeat(10)}x ${faster} messages, CPU per message / ${(cpu(writeOne!) / cpu(group!)).toFixed(1)}`
    )
  }
})

export const bench: Effect.Effect<void, unknown> = Effect.gen(function*() {
  const url = yield* benchDatabase
  const pool = Pool.layer({ url, application: "bench", connections_max: poolSize })
  const ports = Layer.mergeAll(
    MitrasPostgres.layer,
    PaymentsPostgres.layer,
    PricingPostgres.layer,
    StaffPostgres.layer,
    PeoplePostgres.layer,
    SessionOversightPostgres.layer,
    SessionViewsPostgres.layer,
    SessionsPostgres.layer,
    SecureRandom.layerWebCrypto
  ).pipe(Layer.provideMerge(CipherNone.layer), Layer.provideMerge(pool))
  yield* Effect.gen(function*() {
    console.log(`${yield* durability(yield* SqlClient.SqlClient)}; ${poolSize} connections, ${rounds} rounds`)
    yield* compare
  }).pipe(Effect.provide(ports))
}).pipe(Effect.scoped)
