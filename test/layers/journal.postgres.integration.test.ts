// What only a real database can do to the journal: two runners at the same rows, rows that somebody else
// holds, rings of locks, and connections that die in the middle of a transaction or of its COMMIT.
import { assert, describe, it } from "@effect/vitest"
import { SecureRandom } from "effect/crypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as AuthSessionsPostgres from "../../src/layers/auth-sessions.postgres.ts"
import * as JournalPostgres from "../../src/layers/journal.postgres.ts"
import * as MitrasPostgres from "../../src/layers/mitras.postgres.ts"
import * as PaymentsPostgres from "../../src/layers/payments.postgres.ts"
import * as PeoplePostgres from "../../src/layers/people.postgres.ts"
import * as SessionsPostgres from "../../src/layers/sessions.postgres.ts"
import { Journal, type TurnWrite, type Verdict } from "../../src/services/journal.ts"
import { Mitras } from "../../src/services/mitras.ts"
import { Sessions } from "../../src/services/sessions.ts"
import { Unavailable } from "../../src/services/unavailable.ts"
import { atOnce, staffId, t0, times } from "../conformance/given.ts"
import * as Stage from "../conformance/stage.ts"
import { accept, asCustomer, mitra, session } from "../conformance/stage.ts"
import * as Written from "../conformance/written.ts"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"

const runnerOn = (url: string) =>
  Layer.mergeAll(
    AuthSessionsPostgres.layer,
    JournalPostgres.layer,
    MitrasPostgres.layer,
    PaymentsPostgres.layer,
    PeoplePostgres.layer,
    SessionsPostgres.layer,
    Written.layerPostgres
  ).pipe(Layer.provideMerge(databaseAt(url)), Layer.provide(SecureRandom.layerWebCrypto))

const onOneRunner = <A, E>(body: (url: string) => Effect.Effect<A, E, Stage.Stage | Scope.Scope>) =>
  Effect.gen(function*() {
    const url = yield* freshDatabaseUrl
    return yield* Effect.provide(body(url), runnerOn(url))
  }).pipe(Effect.scoped)

/** Another runner's journal on the same database, with a pool of its own, for as long as the scope. */
const anotherJournal = Effect.fnUntraced(function*(url: string) {
  const layer = JournalPostgres.layer.pipe(
    Layer.provide([databaseAt(url), SecureRandom.layerWebCrypto]),
    Layer.fresh
  )
  return Context.get(yield* Layer.build(layer), Journal)
})

/** A connection of its own, outside every pool, that runs what it is told until the scope closes. */
const intruder = Effect.fnUntraced(function*(url: string) {
  const pool = yield* Layer.build(Layer.fresh(databaseAt(url, 1)))
  const connection = yield* Context.get(pool, SqlClient.SqlClient).reserve
  return (statement: string) => connection.executeUnprepared(statement, [], undefined)
})

const written: Exit.Exit<Verdict, Unavailable> = Exit.succeed({ _tag: "Committed" })
const away = Exit.fail(new Unavailable({ what: "postgres", retryable: true }))

describe("two journals on one database", () => {
  it.live(
    "never put a mitra over her capacity, whoever accepts and ends on which runner",
    () =>
      onOneRunner((url) =>
        Effect.gen(function*() {
          const journals = [yield* Journal, yield* anotherJournal(url)]
          yield* Stage.givenMitras(1, 2)
          const owners = yield* Effect.forEach(
            times(24),
            (index) => Effect.tap(Stage.givenRequest(index + 1), (owner) => Stage.offer(owner, t0 + 10, 1, 2))
          )
          const mitras = yield* Mitras
          const most: Array<number> = []
          // Each session tries one mitra and then the other, and ends when it was accepted.
          const play = (owner: Stage.Owner, index: number) =>
            Effect.gen(function*() {
              const on = (each: number) => Effect.provideService(Journal, journals[(index + each) % 2]!)
              for (const attempt of times(6)) {
                const m = (index + attempt) % 2 + 1
                const at = t0 + 20 + attempt
                const verdict = yield* Stage.act(owner, accept(m), { at }).pipe(on(attempt))
                most.push((yield* mitras.slotsOf(mitra(m))).length)
                if (verdict._tag !== "Committed") continue
                const n = Number.parseInt(owner.state.id.slice(-4), 16)
                return yield* Stage.act(owner, { _tag: "End", by: asCustomer(n) }, { at: t0 + 40 }).pipe(
                  on(attempt)
                )
              }
              return null
            })
          const ended = yield* atOnce(owners.map(play))
          assert.isAtMost(Math.max(...most), 3)
          assert.isAtLeast(ended.filter((verdict) => verdict?._tag === "Committed").length, 6)
          assert.deepStrictEqual(yield* mitras.slotsOf(mitra(1)), [])
          assert.deepStrictEqual(yield* mitras.slotsOf(mitra(2)), [])
        })
      ),
    60_000
  )

  it.live(
    "hammering the same sessions and mitras in every order, no deadlock reaches a caller",
    () =>
      onOneRunner((url) =>
        Effect.gen(function*() {
          const journals = [yield* Journal, yield* anotherJournal(url)]
          const numbers = times(12).map((index) => index + 1)
          yield* Stage.givenMitras(...numbers)
          const owners = yield* Effect.forEach(numbers, (n) => Stage.givenChat(n, n))
          const mitraOwners = yield* Effect.forEach(numbers, (n) => Stage.claimMitra(n))
          // Both journals hold the right epochs: each turn is written by one of them, and the other one's
          // attempt at the same numbers is turned down, never lost in a ring of locks.
          const rounds = times(8)
          const storms = journals.map((journal, side) =>
            Effect.forEach(rounds, (round) =>
              Effect.gen(function*() {
                const order = side === 0 ? numbers : numbers.toReversed()
                const writes: Array<TurnWrite> = []
                for (const n of order) {
                  const by = round % 2 === 0 ? asCustomer(n) : Stage.asMitra(n)
                  const message = Stage.send(by, `client-${side}-${round}`)
                  writes.push((yield* Stage.make(owners[n - 1]!, message, { at: t0 + 100 + round })).write)
                  const toggle = round % 2 === 0 ? "GoOnline" : "GoOffline"
                  writes.push(
                    Stage.makeMitraTurn(mitraOwners[n - 1]!, { _tag: toggle }, { at: t0 + 100 + round }),
                    Stage.makeMitraTurn(mitraOwners[n - 1]!, { _tag: "Activate", staff_id: staffId }, {
                      at: t0
                    })
                  )
                }
                return yield* atOnce(writes.map((write) => Effect.exit(journal.commit(write))))
              }))
          )
          const exits = (yield* atOnce(storms)).flat(2)
          assert.deepStrictEqual(exits.filter((exit) => Exit.hasFails(exit)), [])
          const sessions = yield* Sessions
          for (const owner of owners) {
            assert.lengthOf(yield* sessions.messages(owner.state.id, { after: 0 }, 10), 1)
          }
        })
      ),
    60_000
  )
})

describe("a row that somebody else holds", () => {
  it.live("delays its own turn and fails it as retryable; the neighbours are written", () =>
    onOneRunner((url) =>
      Effect.gen(function*() {
        yield* Stage.givenMitras(1, 2, 3)
        const owners = yield* Effect.forEach([1, 2, 3], (n) => Stage.givenChat(n, n))
        const statement = yield* intruder(url)
        yield* statement("BEGIN")
        yield* statement(`SELECT 1 FROM chat_sessions WHERE id = '${session(2)}' FOR UPDATE`)
        const send = (owner: Stage.Owner, index: number) =>
          Effect.exit(
            Stage.act(owner, Stage.send(asCustomer(index + 1), "client-message-1"), { at: t0 + 100 })
          )
        const [first, held, third] = yield* atOnce(owners.map(send))
        assert.deepStrictEqual([first, held, third], [written, away, written])
        yield* statement("ROLLBACK")
        assert.deepStrictEqual(yield* send(owners[1]!, 1), written)
      })
    ))

  it.live("in a ring of locks with a stranger, both turns are written all the same", () =>
    onOneRunner((url) =>
      Effect.gen(function*() {
        // This journal finds a ring before its patience with a locked row ends; the stranger never does.
        const journal = yield* anotherJournal(`${url}?options=-c%20deadlock_timeout%3D50ms`)
        yield* Stage.givenMitras(1, 2)
        const owners = yield* Effect.forEach([1, 2], (n) => Stage.givenChat(n, n))
        const statement = yield* intruder(url)
        yield* statement("SET deadlock_timeout = '10s'")
        yield* statement("BEGIN")
        yield* statement(`SELECT 1 FROM chat_sessions WHERE id = '${session(2)}' FOR UPDATE`)
        const writing = yield* Effect.forkChild(
          atOnce(owners.map((owner, index) =>
            Stage.act(owner, Stage.send(asCustomer(index + 1), "client-message-1"), { at: t0 + 100 })
          )).pipe(Effect.provideService(Journal, journal))
        )
        // Only the server knows when the journal has session 1 and waits for session 2.
        yield* statement(`DO $$ BEGIN WHILE NOT EXISTS (
          SELECT 1 FROM pg_locks waits JOIN pg_locks holds USING (pid)
          WHERE NOT waits.granted AND holds.relation = 'chat_sessions'::regclass
        ) LOOP PERFORM pg_sleep(0.005); END LOOP; END $$`)
        yield* statement(`SELECT 1 FROM chat_sessions WHERE id = '${session(1)}' FOR UPDATE`)
        yield* statement("ROLLBACK")
        assert.deepStrictEqual(yield* Fiber.join(writing), [{ _tag: "Committed" }, { _tag: "Committed" }])
      })
    ))
})

const killSelf = `CREATE FUNCTION die_now() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NEW; END $$`

describe("a connection that dies", () => {
  const dying = (trigger: string) =>
    onOneRunner((url) =>
      Effect.gen(function*() {
        yield* Stage.givenMitras(1, 2)
        const owners = yield* Effect.forEach(
          [1, 2],
          (n) => Effect.tap(Stage.givenRequest(n), (owner) => Stage.offer(owner, t0 + 10, n))
        )
        const statement = yield* intruder(url)
        yield* statement(killSelf)
        yield* statement(trigger)
        const { everything } = yield* Written.Written
        const before = yield* everything
        const accepting = owners.map((owner, index) =>
          Effect.exit(Stage.act(owner, accept(index + 1), { at: t0 + 20 }))
        )
        assert.deepStrictEqual(yield* atOnce(accepting), [away, away])
        assert.deepStrictEqual(yield* everything, before)
        yield* statement("DROP TRIGGER dying ON session_events")
        assert.deepStrictEqual(yield* atOnce(accepting), [written, written])
      })
    )

  it.live("in the middle of a group leaves nothing behind, and every caller may try again", () =>
    dying(`CREATE TRIGGER dying BEFORE INSERT ON session_events FOR EACH ROW EXECUTE FUNCTION die_now()`))

  it.live("during the COMMIT itself is an unknown outcome to every caller, here: nothing", () =>
    dying(`CREATE CONSTRAINT TRIGGER dying AFTER INSERT ON session_events
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die_now()`))
})

describe("a journal whose scope has closed", () => {
  it.live("answers that it is draining, and touches nothing", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const pool = yield* Scope.make()
      const context = yield* Layer.build(runnerOn(url)).pipe(Scope.provide(pool))
      const owner = yield* Effect.provide(
        Effect.andThen(Stage.givenMitras(1), Stage.givenChat(1, 1)),
        context
      )
      yield* Scope.close(pool, Exit.void)
      const late = Stage.act(owner, Stage.send(asCustomer(1), "client-message-1"), { at: t0 + 100 })
      const draining = Exit.fail(new Unavailable({ what: "draining", retryable: true }))
      assert.deepStrictEqual(yield* Effect.exit(Effect.provide(late, context)), draining)
    }).pipe(Effect.scoped))
})
