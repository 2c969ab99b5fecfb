// A deploy with a migration in it, and back: runners of this version and of the next one serve one chat on
// one database, the schema goes forward in between, the code goes back once, nothing acknowledged is lost.
// HALOBESTIE_OLD_VERSION=/path/to/checkout plays the same with that checkout as the old version.
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { contractOfNext, nextVersion } from "../support/next-version.ts"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import {
  programOf,
  runCli,
  seedDatabase,
  type ServerProcess,
  startRunner
} from "../support/server-process.ts"
import { chatter, type Chatter } from "./chatter.ts"
import { commandId, customer, history, mitra, pair, reconnected } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const given = process.env["HALOBESTIE_OLD_VERSION"]
const old = given === undefined ? programOf(process.cwd()) : programOf(given)

const stop = (server: ServerProcess) =>
  Effect.map(server.end("SIGTERM"), (code) => assert.strictEqual(code, 0, server.lines.join("\n")))

/** Both keep talking, to whichever server is there. */
const chatOn = (server: ServerProcess) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const [sari, ayu] = [await customer(server), await mitra(server, 1)]
      const session = await pair(server, sari, ayu, "chat_5")
      return { session, chatters: [chatter(sari, session), chatter(ayu, session)] as const }
    }),
    ({ chatters }) => Effect.promise(() => Promise.all(chatters.map((one) => one.stop())))
  )

const talkThrough = (chatters: ReadonlyArray<Chatter>, ...servers: ReadonlyArray<ServerProcess>) =>
  Effect.promise(async () => {
    await Promise.all(chatters.map((one, i) => one.talksThrough(servers[i % servers.length]!)))
  })

const query = <A extends object>(url: string, statement: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    return yield* sql.unsafe<A>(statement)
  }).pipe(Effect.provide(databaseAt(url, 1)), Effect.scoped)

/** Enough of them that some live on each runner. */
const moreMitras = (url: string) =>
  query<{ id: string }>(
    url,
    `WITH made AS (
       INSERT INTO mitras (id, display_name, phone, created_at)
       SELECT gen_random_uuid(), 'Mitra ' || n, '+6281299' || n, now() FROM generate_series(10, 17) AS n
       RETURNING id)
     INSERT INTO mitra_status (mitra_id) SELECT id FROM made RETURNING mitra_id AS id`
  )

/** An order for each: what came of it. */
const orderedBy = (server: ServerProcess, mitras: ReadonlyArray<{ readonly id: string }>) =>
  Effect.promise(async () => {
    const token = await signInAdmin(server)
    const outcomes = new Set<string>()
    for (const { id } of mitras) {
      const order = { command_id: commandId(), mitra_id: id }
      outcomes.add(
        await adminCall(server, token, "admin.force_offline", order).then(
          () => "done",
          (error: Error) => error.message.includes("TryAgain") ? "to be repeated" : error.message
        )
      )
    }
    return [...outcomes].toSorted()
  })

describe("two versions on one database", () => {
  it.live(
    "carry a chat through a deploy with a migration, a roll-back of the code, and the contract",
    () =>
      Effect.gen(function*() {
        const next = yield* nextVersion
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const migrate = (flags = "") => runCli(`migrate${flags}`, { DATABASE_URL: url }, next)
        const [a, b] = yield* Effect.all([startRunner(url, {}, old), startRunner(url, {}, old)], {
          concurrency: 2
        })
        const { chatters, session } = yield* chatOn(a)
        yield* talkThrough(chatters, a, b)

        // Forward, while the old version serves.
        const dry = yield* migrate(" --dry-run")
        assert.match(dry.output, /would apply expand \d+_add_marks\nwould apply backfill mark messages/)
        assert.include(dry.output, `would leave contract ${contractOfNext}`)
        const expanded = yield* migrate()
        assert.strictEqual(expanded.code, 0, expanded.output)
        assert.match(expanded.output, /backfill mark messages: \d+ rows, finished/)
        assert.include(expanded.output, `left ${contractOfNext}`)
        yield* talkThrough(chatters, a, b)

        // One of each version.
        const c = yield* startRunner(url, {}, next)
        yield* stop(b)
        yield* talkThrough(chatters, a, c)
        const mitras = yield* moreMitras(url)
        assert.deepStrictEqual(yield* orderedBy(c, mitras), ["done"])
        // One from before staff's tokens cannot prove to the newer whose order it is: decision 31.
        const byOld = (yield* orderedBy(a, mitras)).filter((outcome) => outcome !== "done")
        assert.deepStrictEqual(
          byOld.filter((outcome) => given === undefined || outcome !== "to be repeated"),
          []
        )
        const early = yield* migrate(" --contract")
        assert.strictEqual(early.code, 1, early.output)
        assert.match(
          early.output,
          /servers at work still read \(halobestie\/\d+, needs halobestie\/\d+ or newer\)/
        )

        // The code goes back on the schema that went forward.
        const back = yield* startRunner(url, {}, old)
        yield* stop(c)
        yield* talkThrough(chatters, a, back)

        // And forward for good.
        const d = yield* startRunner(url, {}, next)
        yield* stop(a)
        yield* stop(back)
        yield* talkThrough(chatters, d)
        const contracted = yield* migrate(" --contract")
        assert.strictEqual(contracted.code, 0, contracted.output)
        assert.include(contracted.output, `applied ${contractOfNext}`)
        yield* talkThrough(chatters, d)
        const refused = yield* runCli(
          "serve",
          { DATABASE_URL: url, PUBLIC_PORT: "0", INTERNAL_PORT: "0" },
          old
        )
        assert.strictEqual(refused.code, 1)
        assert.include(refused.output, "This code is older than the database")

        const acknowledged = yield* Effect.promise(async () =>
          (await Promise.all(chatters.map((one) => one.stop()))).flat()
        )
        const read = yield* Effect.promise(async () => {
          const reader = await reconnected(chatters[0].person(), d)
          const all = await history(reader, session)
          reader.phone.hangUp()
          return all
        })
        assert.deepStrictEqual(read.map(([, body]) => body).toSorted(), acknowledged.toSorted())
        assert.isAbove(acknowledged.length, 50)
        const unmarked = yield* query(url, "SELECT 1 FROM messages WHERE mark IS NULL")
        assert.lengthOf(unmarked, 0)
      }),
    240_000
  )
})
