// What the tables hold of a whole session with keys, and who can read it: runners with the key, no others,
// and none at all where a sealed text was moved.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as SqlClient from "effect/sql/SqlClient"
import { Accounts } from "../../../src/services/accounts/accounts.ts"
import { SessionViews } from "../../../src/services/sessions/session-views.ts"
import { Sessions } from "../../../src/services/sessions/sessions.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"
import {
  atOnce,
  givenStaff,
  idOf,
  mitraAccount,
  staffId,
  t0,
  times
} from "../../../testkit/conformance/given.ts"
import { mitra, session } from "../../../testkit/conformance/stage.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"
import { dump, expected, readableIn, retold, runnerWith, secretsOf, story } from "./sealed-world.ts"

const unreadable = Exit.fail(new Unavailable({ what: "encryption", retryable: false }))

describe("a whole session", () => {
  it.live("leaves nothing readable in any table of the database with a key, and everything without", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const plain = yield* Effect.andThen(story(1), dump).pipe(Effect.provide(runnerWith(url)))
      for (const secret of secretsOf(1)) assert.isNotEmpty(readableIn(plain, [secret]), secret)
      const sealed = yield* Effect.andThen(story(2), dump).pipe(Effect.provide(runnerWith(url, "k1")))
      assert.deepStrictEqual(readableIn(sealed, secretsOf(2)), [])
      assert.isAbove(sealed.length, plain.length)
    }).pipe(Effect.scoped))

  it.live("is read by every later set of keys that has its own, beside what was never sealed", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const with_ = (...keys: ReadonlyArray<string>) => Effect.provide(runnerWith(url, ...keys))
      yield* with_()(story(1))
      yield* with_("k1")(story(2))
      yield* with_("k2", "k1")(story(3))
      yield* with_("plain", "k1", "k2")(story(4))
      for (const keys of [["k1", "k2"], ["k2", "k1"], ["plain", "k3", "k2", "k1"]]) {
        for (const n of [1, 2, 3, 4]) {
          assert.deepStrictEqual(yield* with_(...keys)(retold(n)), expected(n), `${keys} ${n}`)
        }
      }
    }).pipe(Effect.scoped))

  it.live("without its key is a typed failure for its own readers, and the others read on", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* story(1).pipe(Effect.provide(runnerWith(url, "k1")))
      yield* story(2).pipe(Effect.provide(runnerWith(url, "k2")))
      yield* Effect.gen(function*() {
        const views = yield* SessionViews
        const sessions = yield* Sessions
        const refused = [
          Effect.exit(views.messages(session(1), { after: 0 }, 9)),
          Effect.exit(views.eventsAfter(session(1), 0, 100)),
          Effect.exit(sessions.find(session(1))),
          Effect.exit(sessions.claim(session(1), "runner-b")),
          Effect.exit((yield* Accounts).findMitra(mitra(1)))
        ]
        for (const exit of yield* Effect.all(refused)) assert.deepStrictEqual(exit, unreadable)
        const read = yield* views.messages(session(2), { after: 0 }, 9)
        assert.deepStrictEqual(read.map(({ body }) => body), expected(2).messages)
      }).pipe(Effect.provide(runnerWith(url, "k2")))
      yield* Effect.gen(function*() {
        const exit = yield* Effect.exit((yield* SessionViews).messages(session(1), { after: 0 }, 9))
        assert.deepStrictEqual(exit, unreadable)
      }).pipe(Effect.provide(runnerWith(url)))
    }).pipe(Effect.scoped))
})

const moves: ReadonlyArray<
  readonly [
    what: string,
    statement: string,
    read: Effect.Effect<unknown, unknown, Sessions | SessionViews | Accounts>
  ]
> = [
  [
    "a message's body to another message",
    `UPDATE messages t SET body_sealed = (SELECT min(o.body_sealed) FROM messages o WHERE o.seq <> t.seq)
      WHERE t.seq = (SELECT min(seq) FROM messages)`,
    Effect.flatMap(SessionViews, (sessions) => sessions.messages(session(1), { after: 0 }, 9))
  ],
  [
    "one side's goodbye to the other side",
    "UPDATE chat_sessions SET customer_goodbye_sealed = mitra_goodbye_sealed",
    Effect.flatMap(Sessions, (sessions) => sessions.find(session(1)))
  ],
  [
    "a message's body into a goodbye's event",
    `UPDATE session_events SET text_sealed = (SELECT min(body_sealed) FROM messages)
      WHERE text_sealed IS NOT NULL`,
    Effect.flatMap(SessionViews, (sessions) => sessions.eventsAfter(session(1), 0, 100))
  ],
  [
    "a customer's phone to a mitra",
    "UPDATE mitras SET phone_sealed = (SELECT phone_sealed FROM customers)",
    Effect.flatMap(Accounts, (accounts) => accounts.findMitra(mitra(1)))
  ]
]

describe("a sealed text that was moved", () => {
  for (const [what, statement, read] of moves) {
    it.live(`does not open: ${what}`, () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        yield* Effect.gen(function*() {
          yield* story(1)
          yield* read
          yield* (yield* SqlClient.SqlClient).unsafe(statement)
          assert.deepStrictEqual(yield* Effect.exit(read), unreadable)
        }).pipe(Effect.provide(runnerWith(url, "k1")))
      }).pipe(Effect.scoped))
  }
})

const phone = "+6281900000001"
const entry = (n: number) => ({
  id: idOf(0xe0 + n),
  staff_id: staffId,
  action: "mitra.create",
  target_type: "mitra",
  target_id: "x",
  peer: "127.0.0.1",
  at: t0
})

/** Runners that would not find each other's rows by the index alone: no key, one key, each order of two. */
const differing = [["plain", "k1", "k2"], ["k1", "k2"], ["k2", "k1"]]

describe("one phone", () => {
  it.live("is one mitra's, whichever keys the runners have that create her at once", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* givenStaff.pipe(Effect.provide(runnerWith(url)))
      const create = (n: number) =>
        Effect.flatMap(
          Accounts,
          (changes) => changes.createMitra({ ...mitraAccount(n), phone }, t0, entry(n))
        ).pipe(
          Effect.provide(runnerWith(url, ...differing[n % 3]!))
        )
      const created = yield* atOnce(times(9).map(create))
      assert.lengthOf(created.filter((isNew) => isNew), 1)
      const again = yield* Effect.forEach(differing, (_, n) => create(n + 20))
      assert.deepStrictEqual(again, [false, false, false])
    }).pipe(Effect.scoped))

  it.live("is one customer's, whichever keys the runners have that prove it at once", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const prove = (n: number) =>
        Effect.gen(function*() {
          const accounts = yield* Accounts
          yield* accounts.createCustomer({ id: idOf(n), call_name: "Sari", phone: null, created_at: t0 })
          return (yield* accounts.provePhone(idOf(n), phone))._tag
        }).pipe(Effect.provide(runnerWith(url, ...differing[n % 3]!)))
      const proofs = yield* atOnce(times(9).map(prove))
      assert.deepStrictEqual(proofs.toSorted(), [...times(8).map(() => "BelongsTo"), "Proven"])
    }).pipe(Effect.scoped))
})
