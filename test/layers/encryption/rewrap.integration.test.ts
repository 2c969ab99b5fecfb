// Re-wrapping while the tables are in use: every text ends under the first key, a text that changed meanwhile
// is left alone, and what was not done is told and done by the next run.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as SqlClient from "effect/sql/SqlClient"
import { checkKeys, recordedKeys } from "../../../src/layers/encryption/key-record.ts"
import { countAll, rewrap, type TextCounts } from "../../../src/layers/encryption/rewrap.ts"
import { sealedColumns } from "../../../src/layers/encryption/sealed-columns.ts"
import { exchange, type FoundText, pageOf } from "../../../src/layers/encryption/sealed-pages.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"
import {
  customerPhone,
  dump,
  expected,
  readableIn,
  retold,
  runnerWith,
  secretsOf,
  story
} from "./sealed-world.ts"

const quietly = rewrap(() => Effect.void)

const keysIn = (counts: TextCounts) =>
  [...new Set([...counts.values()].flatMap((byKey) => [...byKey.keys()]))].toSorted()

/** The texts of one story: four phones, three messages, two goodbyes in the row and in their events. */
const textsOfStory = 11

const column = (name: string) =>
  sealedColumns.find((each) => each.name === name) ?? assert.fail(`there is no ${name}`)

describe("re-wrapping", () => {
  it.live(
    "brings plain texts and those of older keys under the first, and nobody reads a difference",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const with_ = (...keys: ReadonlyArray<string>) => Effect.provide(runnerWith(url, ...keys))
        yield* with_()(story(1))
        yield* with_("k1")(Effect.andThen(checkKeys, story(2)))
        yield* with_("k2", "k1")(Effect.andThen(checkKeys, story(3)))
        const before = yield* with_()(countAll)
        assert.deepStrictEqual(keysIn(before), ["k1", "k2", "plain"])
        const done = yield* with_("k2", "k1")(quietly)
        assert.deepStrictEqual([done.written, done.remaining], [2 * textsOfStory, 0])
        assert.deepStrictEqual(keysIn(done.counts), ["k2"])
        const secrets = [1, 2, 3].flatMap(secretsOf)
        assert.deepStrictEqual(readableIn(yield* with_("k2")(dump), secrets), [])
        for (const n of [1, 2, 3]) assert.deepStrictEqual(yield* with_("k2")(retold(n)), expected(n))
        assert.deepStrictEqual(yield* with_("k2")(Effect.andThen(checkKeys, recordedKeys)), ["k2"])
        const again = yield* with_("k2")(quietly)
        assert.deepStrictEqual([again.written, again.remaining], [0, 0])
      }).pipe(Effect.scoped),
    60_000
  )

  it.live("takes every text out of its seal with plain in front of the keys", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.andThen(checkKeys, story(1)).pipe(Effect.provide(runnerWith(url, "k1")))
      const done = yield* quietly.pipe(Effect.provide(runnerWith(url, "plain", "k1")))
      assert.deepStrictEqual([done.written, done.remaining], [textsOfStory, 0])
      yield* Effect.gen(function*() {
        yield* checkKeys
        assert.deepStrictEqual(yield* retold(1), expected(1))
        for (const line of yield* dump) assert.notInclude(line, "k1.")
      }).pipe(Effect.provide(runnerWith(url)))
    }).pipe(Effect.scoped))

  it.live("passes over rows that somebody holds, says so, and does them the next time", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* story(1).pipe(Effect.provide(runnerWith(url)))
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const held = yield* Deferred.make<void>()
        const over = yield* Deferred.make<void>()
        const holding = yield* Effect.forkChild(
          sql`SELECT FROM messages FOR UPDATE`.pipe(
            Effect.andThen(Deferred.succeed(held, undefined)),
            Effect.andThen(Deferred.await(over)),
            sql.withTransaction
          )
        )
        yield* Deferred.await(held)
        const first = yield* Effect.ensuring(quietly, Deferred.succeed(over, undefined))
        yield* Fiber.join(holding)
        assert.deepStrictEqual([first.written, first.remaining], [textsOfStory - 3, 3])
        const second = yield* quietly
        assert.deepStrictEqual([second.written, second.remaining], [3, 0])
        assert.deepStrictEqual(yield* retold(1), expected(1))
      }).pipe(Effect.provide(runnerWith(url, "k1")))
    }).pipe(Effect.scoped))

  it.live("writes nothing over a text that has changed since it was read", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* story(1)
        for (const name of ["messages.body", "customers.phone", "chat_sessions.mitra_goodbye"]) {
          const page = yield* pageOf(sql, column(name), null, null, 10)
          const texts = page.filter(({ is_due }) => is_due)
          assert.isNotEmpty(texts, name)
          const old = ({ key, plain, sealed }: FoundText) => ({
            key,
            old_plain: plain,
            old_sealed: `${sealed}x`,
            plain: "wrong",
            sealed: null,
            blind_index: null
          })
          assert.strictEqual(yield* exchange(sql, column(name), texts.map(old)), 0, name)
        }
        assert.deepStrictEqual(yield* retold(1), expected(1))
      }).pipe(Effect.provide(runnerWith(url, "k1")))
    }).pipe(Effect.scoped))

  it.live("leaves what it cannot open as it is, and counts it as remaining", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* story(1).pipe(Effect.provide(runnerWith(url, "lost")))
      yield* story(2).pipe(Effect.provide(runnerWith(url)))
      const done = yield* quietly.pipe(Effect.provide(runnerWith(url, "k1")))
      assert.deepStrictEqual([done.written, done.remaining], [textsOfStory, textsOfStory])
      assert.deepStrictEqual(keysIn(done.counts), ["k1", "lost"])
      const back = runnerWith(url, "k1", "lost")
      assert.deepStrictEqual(yield* retold(1).pipe(Effect.provide(back)), expected(1))
    }).pipe(Effect.scoped))

  it.live("leaves one of two accounts that have come to share a phone, and does all the others", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* story(1).pipe(Effect.provide(runnerWith(url)))
      yield* story(2).pipe(Effect.provide(runnerWith(url, "k1")))
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE customers SET phone = ${customerPhone(2)} WHERE phone = ${customerPhone(1)}`
        const done = yield* quietly
        assert.deepStrictEqual([done.written, done.remaining], [textsOfStory - 1, 1])
        assert.strictEqual(done.counts.get("customers.phone")?.get("plain"), 1)
        assert.deepStrictEqual(yield* retold(2), expected(2))
      }).pipe(Effect.provide(runnerWith(url, "k1")))
    }).pipe(Effect.scoped))

  it.live("goes on from wherever an earlier run was stopped", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.forEach([1, 2], story).pipe(Effect.provide(runnerWith(url)))
      yield* Effect.gen(function*() {
        // Stopped by the first column that is done.
        const stopped = yield* Effect.exit(rewrap(() => Effect.interrupt))
        assert.strictEqual(stopped._tag, "Failure")
        assert.deepStrictEqual(keysIn(yield* countAll), ["k1", "plain"])
        const done = yield* quietly
        assert.strictEqual(done.remaining, 0)
        assert.isBelow(done.written, 2 * textsOfStory)
        for (const n of [1, 2]) assert.deepStrictEqual(yield* retold(n), expected(n))
      }).pipe(Effect.provide(runnerWith(url, "k1")))
    }).pipe(Effect.scoped))
})

describe("a start", () => {
  it.live("is refused without a key that sealed something, and names it", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const check = (...keys: ReadonlyArray<string>) =>
        Effect.exit(checkKeys).pipe(
          Effect.map((exit) => exit._tag === "Success" ? "" : String(exit.cause)),
          Effect.provide(runnerWith(url, ...keys))
        )
      assert.strictEqual(yield* check(), "")
      assert.strictEqual(yield* check("k1"), "")
      assert.include(yield* check(), "sealed with k1,")
      assert.include(yield* check("k2"), "sealed with k1,")
      assert.strictEqual(yield* check("k2", "k1"), "", "the refused start recorded nothing")
      assert.include(yield* check("k1"), "sealed with k2,")
      assert.include(yield* check("plain", "k3"), "sealed with k1, k2,")
      assert.strictEqual(yield* check("plain", "k2", "k1"), "")
    }).pipe(Effect.scoped))

  it.live("is refused with another key under the name of one that sealed something", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* checkKeys
        // As if another key of this name had been first.
        yield* sql`UPDATE encryption_keys SET proof = '1.k1.' || repeat('A', 60)`
        const exit = yield* Effect.exit(checkKeys)
        assert.strictEqual(exit._tag, "Failure")
        assert.include(String(exit), "another key than the one that sealed the database's texts as k1")
      }).pipe(Effect.provide(runnerWith(url, "k1")))
    }).pipe(Effect.scoped))
})
