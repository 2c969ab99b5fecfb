// What a key costs: sealing and opening one text, marking a phone, and the same messages through the real
// journal with and without a key, side by side in one run.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import * as CipherAes from "../src/layers/encryption/cipher.aes.ts"
import * as CipherNone from "../src/layers/encryption/cipher.none.ts"
import * as JournalPostgres from "../src/layers/journal/journal.postgres.ts"
import { defaultLimits, makeGroupCommit } from "../src/layers/journal/group-commit.ts"
import * as MitrasPostgres from "../src/layers/accounts/mitras.postgres.ts"
import * as PaymentsPostgres from "../src/layers/payments/payments.postgres.ts"
import * as PricingPostgres from "../src/layers/payments/pricing.postgres.ts"
import * as StaffPostgres from "../src/layers/accounts/staff.postgres.ts"
import * as PeoplePostgres from "../src/layers/accounts/accounts.postgres.ts"
import * as Pool from "../src/layers/platform/postgres/client.ts"
import * as SessionOversightPostgres from "../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViewsPostgres from "../src/layers/sessions/session-views.postgres.ts"
import * as SessionsPostgres from "../src/layers/sessions/sessions.postgres.ts"
import { Cipher } from "../src/services/encryption/cipher.ts"
import { Journal } from "../src/services/journal/journal.ts"
import { t0, times } from "../testkit/conformance/given.ts"
import * as Stage from "../testkit/conformance/stage.ts"
import { median } from "./measuring.ts"
import { benchDatabase, durability, serverCpuMs } from "./postgres.ts"

const chats = 64
const rounds = 7
const messagesPerChat = 40
const texts = 20_000

type Commit = Journal["Service"]["commit"]

const withKey = Effect.gen(function*() {
  const bytes = yield* (yield* SecureRandom.SecureRandom).randomBytes(32)
  return CipherAes.layer(Redacted.make({ keys: [{ id: "k1", bytes }], seals: true }))
}).pipe(Layer.unwrap)

const cpuUs = (since: NodeJS.CpuUsage): number => {
  const { system, user } = process.cpuUsage(since)
  return system + user
}

const oneText = Effect.fnUntraced(function*(length: number) {
  const { open, sealer } = yield* Cipher
  const text = "Aku mau cerita sedikit. ".repeat(200).slice(0, length)
  const places = times(texts).map((n) => `message/018f0000-0000-7000-8000-000000000000/${n}`)
  const sealAll = Effect.map(sealer(texts), (seal) => places.map((place) => seal(text, place).sealed ?? ""))
  const sealed = yield* sealAll
  const before = process.cpuUsage()
  yield* sealAll
  const sealing = cpuUs(before) / texts
  const opening = process.cpuUsage()
  yield* Effect.forEach(sealed, (one, n) => open(one, places[n] ?? ""), { discard: true })
  return (
    `${String(length).padStart(5)} characters   seal ${sealing.toFixed(1).padStart(5)} us` +
    `   open ${(cpuUs(opening) / texts).toFixed(1).padStart(5)} us` +
    `   ${sealed[0]?.length ?? 0} bytes in the row instead of ${length}`
  )
})

const marks = Effect.gen(function*() {
  const { blindIndexesOf } = yield* Cipher
  const phones = times(texts).map((n) => `+62813${n}`)
  phones.map((phone) => blindIndexesOf("customers", phone))
  const before = process.cpuUsage()
  phones.map((phone) => blindIndexesOf("customers", phone))
  console.log(`a phone's mark     ${(cpuUs(before) / texts).toFixed(1)} us`)
})

/** Every chat sends its messages, each after the answer to the one before: CPU here and there per message. */
const measure = Effect.fnUntraced(
  function*(commit: Commit, owners: ReadonlyArray<Stage.Owner>, round: string) {
    const sql = yield* SqlClient.SqlClient
    const body = "Halo, apa kabar hari ini? Aku mau cerita sedikit."
    const chat = (owner: Stage.Owner) =>
      Effect.forEach(times(messagesPerChat), (index) =>
        Effect.gen(function*() {
          const by = { side: "customer", id: owner.state.customer_id } as const
          const { after, write } = yield* Stage.make(owner, Stage.send(by, `${round}-${index}`, body), {
            at: t0 + 1000
          })
          const verdict = yield* commit(write)
          if (verdict._tag !== "Committed") return yield* Effect.die(new Error(verdict._tag))
          owner.state = after
        }), { discard: true })
    const count = owners.length * messagesPerChat
    const server = yield* serverCpuMs(sql)
    const start = yield* Clock.currentTimeMillis
    const client = process.cpuUsage()
    yield* Effect.forEach(owners, chat, { concurrency: "unbounded", discard: true })
    const client_us = cpuUs(client) / count
    const took = (yield* Clock.currentTimeMillis) - start
    const after = yield* serverCpuMs(sql)
    return {
      client_us,
      server_us: server === null || after === null ? 0 : (after - server) * 1000 / count,
      per_second: count / took * 1000
    }
  }
)

const compare = Effect.gen(function*() {
  const commitWith = (cipher: typeof CipherNone.layer) =>
    Effect.gen(function*() {
      const context = yield* Layer.build(cipher)
      const writer = yield* JournalPostgres.makeWriter.pipe(Effect.provide(Context.pick(Cipher)(context)))
      return yield* makeGroupCommit(writer, defaultLimits)
    })
  const random = yield* Layer.build(SecureRandom.layerWebCrypto)
  const ways = [
    ["plain", yield* commitWith(CipherNone.layer)],
    ["sealed", yield* commitWith(withKey.pipe(Layer.provide(Layer.succeedContext(random))))]
  ] as const
  const journal = Journal.of({ commit: ways[0][1], outcomeOf: () => Effect.succeed(null) })
  yield* Stage.givenMitras(...times(chats).map((index) => index + 1))
  const owners = yield* Effect.forEach(times(chats), (n) => Stage.givenChat(n + 1, n + 1)).pipe(
    Effect.provideService(Journal, journal)
  )
  for (const [name, commit] of ways) yield* measure(commit, owners, `warm-up-${name}`)
  const found = ways.map((): Array<Effect.Success<ReturnType<typeof measure>>> => [])
  for (const round of times(rounds)) {
    const order = [...ways.entries()]
    for (const [index, [name, commit]] of round % 2 === 0 ? order : order.toReversed()) {
      found[index]!.push(yield* measure(commit, owners, `${name}-${round}`))
    }
  }
  for (const [index, [name]] of ways.entries()) {
    const of = (key: "client_us" | "server_us" | "per_second") =>
      median(found[index]!.map((each) => each[key])).toFixed(0)
    console.log(
      `${chats} chats at once, ${name.padEnd(6)}   ${of("per_second")} messages/s   CPU per message: ` +
        `${of("client_us")} us here, ${of("server_us")} us in Postgres`
    )
  }
})

export const bench: Effect.Effect<void, unknown> = Effect.gen(function*() {
  yield* Effect.gen(function*() {
    // What is compiled on the way must not be on the first one's bill.
    yield* oneText(50)
    for (const length of [50, 500, 4000]) console.log(yield* oneText(length))
    yield* marks
  }).pipe(Effect.provide(withKey), Effect.provide(SecureRandom.layerWebCrypto))
  const url = yield* benchDatabase
  const pool = Pool.layer({ url, application: "bench", connections_max: 10 })
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
  ).pipe(Layer.provide(CipherNone.layer), Layer.provideMerge(pool))
  yield* Effect.gen(function*() {
    console.log(yield* durability(yield* SqlClient.SqlClient))
    yield* compare
  }).pipe(Effect.provide(ports))
}).pipe(Effect.scoped)
