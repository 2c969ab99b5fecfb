// What only a real database can do to the journal: rows that another transaction holds, rings of locks, and
// connections that die in the middle of a transaction or of its COMMIT.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Journal } from "../../../src/services/journal/journal.ts"
import { atOnce, t0, times } from "../../../testkit/conformance/given.ts"
import * as Stage from "../../../testkit/conformance/stage.ts"
import { accept, asCustomer, session } from "../../../testkit/conformance/stage.ts"
import { Written } from "../../../testkit/conformance/written.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"
import {
  anotherJournal,
  hear,
  onOneRunner,
  runnerOn,
  failedBatchDuring,
  stranger,
  untilWaiting
} from "./runners.ts"

const noAnswer = "Unavailable postgres"

const send = (owner: Stage.Owner, n: number) =>
  hear(Stage.act(owner, Stage.send(asCustomer(n), "client-message-1"), { at: t0 + 100 }))

const hold = (n: number) => `SELECT 1 FROM chat_sessions WHERE id = '${session(n)}' FOR UPDATE`

describe("a row that another transaction holds", () => {
  it.live("delays its own turn and fails it as retryable; the neighbours are written", () =>
    onOneRunner((url) =>
      Effect.gen(function*() {
        yield* Stage.givenMitras(1, 2, 3)
        const owners = yield* Effect.forEach([1, 2, 3], (n) => Stage.givenChat(n, n))
        const statement = yield* stranger(url)
        yield* statement("BEGIN")
        yield* statement(hold(2))
        const told = yield* atOnce(owners.map((owner, index) => send(owner, index + 1)))
        assert.deepStrictEqual(told, ["Committed", noAnswer, "Committed"])
        yield* statement("ROLLBACK")
        assert.strictEqual(yield* send(owners[1]!, 2), "Committed")
      })
    ))

  it.live("in a ring of locks with a stranger, both turns are written all the same", () =>
    onOneRunner((url) =>
      Effect.gen(function*() {
        // This journal finds a ring before its patience with a locked row ends; the stranger never does.
        const journal = yield* anotherJournal(`${url}?options=-c%20deadlock_timeout%3D50ms`)
        yield* Stage.givenMitras(1, 2)
        const owners = yield* Effect.forEach([1, 2], (n) => Stage.givenChat(n, n))
        const statement = yield* stranger(url)
        yield* statement("SET deadlock_timeout = '10s'")
        yield* statement("BEGIN")
        yield* statement(hold(2))
        const { result, spoiled } = yield* failedBatchDuring(Effect.gen(function*() {
          const writing = yield* Effect.forkChild(
            atOnce(owners.map((owner, index) => send(owner, index + 1))).pipe(
              Effect.provideService(Journal, journal)
            )
          )
          // The journal has session 1 and waits for session 2: now the ring is closed.
          yield* statement(untilWaiting(1))
          yield* statement(hold(1))
          yield* statement("ROLLBACK")
          return yield* Fiber.join(writing)
        }))
        assert.deepStrictEqual(result, ["Committed", "Committed"])
        assert.strictEqual(spoiled, 1)
      })
    ))
})

const dieNow = `CREATE FUNCTION die_now() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NEW; END $$`

const inTheMiddle = `CREATE TRIGGER dying BEFORE INSERT ON session_events
  FOR EACH ROW EXECUTE FUNCTION die_now()`

// A deferred trigger runs inside COMMIT, just before it takes effect.
const duringCommit = `CREATE CONSTRAINT TRIGGER dying AFTER INSERT ON session_events
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die_now()`

/** So many accepts at once on a connection that dies; afterwards the same ones again. */
const dying = (count: number, trigger: string) =>
  onOneRunner((url) =>
    Effect.gen(function*() {
      const numbers = times(count).map((index) => index + 1)
      yield* Stage.givenMitras(...numbers)
      const owners = yield* Effect.forEach(
        numbers,
        (n) => Effect.tap(Stage.givenRequest(n), (owner) => Stage.offer(owner, t0 + 10, n))
      )
      const statement = yield* stranger(url)
      yield* statement(dieNow)
      yield* statement(trigger)
      const { everything } = yield* Written
      const before = yield* everything
      const accepting = owners.map((owner, index) =>
        hear(Stage.act(owner, accept(index + 1), { at: t0 + 20 }))
      )
      assert.deepStrictEqual(yield* atOnce(accepting), numbers.map(() => noAnswer))
      assert.deepStrictEqual(yield* everything, before)
      yield* statement("DROP TRIGGER dying ON session_events")
      assert.deepStrictEqual(yield* atOnce(accepting), numbers.map(() => "Committed"))
    })
  )

describe("a connection that dies", () => {
  it.live("in the middle of a group leaves nothing behind, and every caller may try again", () =>
    dying(2, inTheMiddle))

  it.live("in the middle of a turn alone leaves nothing behind either", () => dying(1, inTheMiddle))

  it.live("during the COMMIT of a group is an unknown outcome to every caller; here it was nothing", () =>
    dying(2, duringCommit))

  it.live("during the COMMIT of a turn alone is an unknown outcome, too", () => dying(1, duringCommit))
})

describe("a journal whose scope has closed", () => {
  it.live("answers that it is draining, and touches nothing", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const runner = yield* Scope.make()
      const context = yield* Layer.build(runnerOn(url)).pipe(Scope.provide(runner))
      const owner = yield* Effect.provide(
        Effect.andThen(Stage.givenMitras(1), Stage.givenChat(1, 1)),
        context
      )
      yield* Scope.close(runner, Exit.void)
      assert.strictEqual(yield* Effect.provide(send(owner, 1), context), "Unavailable draining")
    }).pipe(Effect.scoped))
})
