// Two runners at the same rows: what one commits, claims or deactivates first, the other sees before it
// decides.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Journal, type TurnWrite } from "../../../src/services/journal/journal.ts"
import { Mitras } from "../../../src/services/accounts/mitras.ts"
import { SessionViews } from "../../../src/services/sessions/session-views.ts"
import { Sessions } from "../../../src/services/sessions/sessions.ts"
import { atOnce, staffId, t0, times } from "../../../testkit/conformance/given.ts"
import * as Stage from "../../../testkit/conformance/stage.ts"
import { accept, asCustomer, asMitra, mitra, payment, session } from "../../../testkit/conformance/stage.ts"
import { anotherJournal, hear, onOneRunner, failedBatchDuring, stranger, untilWaiting } from "./runners.ts"

/** Each session tries one mitra and then the other, on either runner, and ends when it was accepted. */
const tryToPair = Effect.fnUntraced(function*(
  owner: Stage.Owner,
  index: number,
  journals: ReadonlyArray<Journal["Service"]>,
  slotsSeen: Array<number>
) {
  const mitras = yield* Mitras
  for (const attempt of times(6)) {
    const on = Effect.provideService(Journal, journals[(index + attempt) % 2]!)
    const m = index % 4 < 2 ? attempt % 2 + 1 : (attempt + 1) % 2 + 1
    const verdict = yield* Stage.act(owner, accept(m), { at: t0 + 20 + attempt }).pipe(on)
    slotsSeen.push((yield* mitras.slotsOf(mitra(m))).length)
    if (verdict._tag !== "Committed") continue
    return (yield* Stage.act(owner, { _tag: "End", by: asCustomer(index + 1) }, { at: t0 + 40 }).pipe(on))
      ._tag
  }
  return "Refused"
})

/** A message and two mitra turns per number, for both runners to write under the same epochs. */
const stormTurns = Effect.fnUntraced(function*(
  n: number,
  owner: Stage.Owner,
  mitraOwner: Stage.MitraOwner,
  tag: string
) {
  const message = yield* Stage.make(owner, Stage.send(asCustomer(n), `client-${tag}`), { at: t0 + 100 })
  const activate = { _tag: "Activate", staff_id: staffId } as const
  const turns: ReadonlyArray<TurnWrite> = [
    message.write,
    Stage.makeMitraTurn(mitraOwner, { _tag: "GoOnline" }, { at: t0 + 100 }),
    Stage.makeMitraTurn(mitraOwner, activate, { at: t0 + 100 })
  ]
  return turns
})

describe("two journals on one database", () => {
  it.live(
    "never put a mitra over her capacity, on whichever runner sessions are accepted and end",
    () =>
      onOneRunner((url) =>
        Effect.gen(function*() {
          const journals = [yield* Journal, yield* anotherJournal(url)]
          yield* Stage.givenMitras(1, 2)
          const owners = yield* Effect.forEach(
            times(24),
            (index) => Effect.tap(Stage.givenRequest(index + 1), (owner) => Stage.offer(owner, t0 + 10, 1, 2))
          )
          const slotsSeen: Array<number> = []
          const { result, spoiled } = yield* failedBatchDuring(
            atOnce(owners.map((owner, index) => tryToPair(owner, index, journals, slotsSeen)))
          )
          assert.isAtMost(Math.max(...slotsSeen), 3)
          assert.isAtLeast(result.filter((tag) => tag === "Committed").length, 6)
          // The lock on the mitra already kept them apart: no slot was tried for twice.
          assert.strictEqual(spoiled, 0)
          assert.deepStrictEqual(yield* (yield* Mitras).slotsOf(mitra(1)), [])
          assert.deepStrictEqual(yield* (yield* Mitras).slotsOf(mitra(2)), [])
        })
      ),
    60_000
  )

  it.live(
    "at the same sessions and mitras in opposite orders neither deadlock nor write twice",
    () =>
      onOneRunner((url) =>
        Effect.gen(function*() {
          const journals = [yield* Journal, yield* anotherJournal(url)]
          const numbers = times(12).map((index) => index + 1)
          yield* Stage.givenMitras(...numbers)
          const owners = yield* Effect.forEach(numbers, (n) => Stage.givenChat(n, n))
          const mitraOwners = yield* Effect.forEach(numbers, (n) => Stage.claimMitra(n))
          const sessions = yield* Sessions
          const views = yield* SessionViews
          /** Both write what follows the stored numbers; only one of the two can be right. */
          const storm = Effect.fnUntraced(
            function*(journal: Journal["Service"], side: number, round: number) {
              const turns = yield* Effect.forEach(
                side === 0 ? numbers : numbers.toReversed(),
                (n) => stormTurns(n, owners[n - 1]!, mitraOwners[n - 1]!, `${side}-${round}`)
              )
              return yield* atOnce(turns.flat().map((turn) => hear(journal.commit(turn))))
            }
          )
          const rounds = Effect.forEach(times(12), (round) =>
            Effect.gen(function*() {
              for (const owner of owners) owner.state = (yield* sessions.find(owner.state.id))!
              return yield* atOnce(journals.map((journal, side) => storm(journal, side, round)))
            }))
          const { result, spoiled } = yield* failedBatchDuring(rounds)
          assert.deepStrictEqual([...new Set(result.flat(2))].toSorted(), ["Committed", "died"])
          assert.strictEqual(spoiled, 0)
          for (const owner of owners) {
            const stored = yield* views.messages(owner.state.id, { after: 0 }, 100)
            assert.deepStrictEqual(stored.map((message) => message.seq), times(12).map((round) => round + 3))
          }
        })
      ),
    60_000
  )
})

/**
 * Two turns handed in as 2 and 1, while a stranger holds row 1 of a table: the journal must wait there
 * before it touches row 2, so the stranger can still have that one without waiting.
 */
const lockedInOrder = (
  table: string,
  idOfRow: (n: number) => string,
  turnOf: (n: number) => Effect.Effect<TurnWrite, unknown, Stage.Stage>
) =>
  onOneRunner((url) =>
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const turns = [yield* turnOf(2), yield* turnOf(1)]
      const key = table === "mitra_status" ? "mitra_id" : "id"
      const lock = (n: number) => `SELECT 1 FROM ${table} WHERE ${key} = '${idOfRow(n)}' FOR NO KEY UPDATE`
      const statement = yield* stranger(url)
      yield* statement("BEGIN")
      yield* statement(lock(1))
      const journal = yield* Journal
      const writing = yield* Effect.forkChild(atOnce(turns.map((turn) => hear(journal.commit(turn)))))
      yield* statement(untilWaiting(1))
      yield* statement(`${lock(2)} NOWAIT`)
      yield* statement("ROLLBACK")
      assert.deepStrictEqual(yield* Fiber.join(writing), ["Committed", "Committed"])
    })
  )

describe("a group of turns, whatever order they came in", () => {
  const offered = (n: number) => Effect.tap(Stage.givenRequest(n), (owner) => Stage.offer(owner, t0 + 10, n))
  const accepting = (n: number) =>
    Effect.flatMap(offered(n), (owner) => Stage.make(owner, accept(n), { at: t0 + 20 })).pipe(
      Effect.map(({ write }) => write)
    )

  it.live("locks its sessions by id", () => lockedInOrder("chat_sessions", session, accepting))

  it.live("locks the mitras it takes slots of by id", () => lockedInOrder("mitras", mitra, accepting))

  it.live("locks the payments it charges by id", () => lockedInOrder("payment_requests", payment, accepting))

  it.live("locks the mitras that act by id", () =>
    lockedInOrder(
      "mitra_status",
      mitra,
      (n) =>
        Effect.map(
          Stage.claimMitra(n),
          (owner) => Stage.makeMitraTurn(owner, { _tag: "GoOnline" }, { at: t0 + 10 })
        )
    ))
})

describe("a runner that comes second", () => {
  it.live("claims a session only after the old owner's turn in flight, and loads what it wrote", () =>
    onOneRunner((url) =>
      Effect.gen(function*() {
        yield* Stage.givenMitras(1, 2)
        const owner = yield* Stage.givenRequest(1)
        yield* Stage.offer(owner, t0 + 10, 1, 2)
        const statement = yield* stranger(url)
        yield* statement("BEGIN")
        yield* statement(`SELECT 1 FROM payment_requests WHERE id = '${payment(1)}' FOR UPDATE`)
        // The accept has locked its session and waits for its payment; the claim waits behind it.
        const accepting = yield* Effect.forkChild(Stage.act(owner, accept(1), { at: t0 + 20 }))
        yield* statement(untilWaiting(1))
        const claiming = yield* Effect.forkChild(Stage.claim(1, "runner-b"))
        yield* statement(untilWaiting(2))
        yield* statement("ROLLBACK")
        assert.deepStrictEqual(yield* Fiber.join(accepting), { _tag: "Committed" })
        assert.deepStrictEqual(yield* Fiber.join(claiming), { epoch: owner.epoch + 1, state: owner.state })
        const late = Stage.act(owner, Stage.send(asMitra(1), "client-message-1"), { at: t0 + 30 })
        assert.deepStrictEqual(yield* late, { _tag: "Fenced" })
      })
    ))

  it.live("cannot pair a mitra whose deactivation is about to commit", () =>
    onOneRunner((url) =>
      Effect.gen(function*() {
        yield* Stage.givenMitras(1)
        const owner = yield* Stage.givenRequest(1)
        yield* Stage.offer(owner, t0 + 10, 1)
        const statement = yield* stranger(url)
        yield* statement("BEGIN")
        yield* statement(`UPDATE mitras SET is_active = false WHERE id = '${mitra(1)}'`)
        const accepting = yield* Effect.forkChild(Stage.act(owner, accept(1), { at: t0 + 20 }))
        yield* statement(untilWaiting(1))
        yield* statement("COMMIT")
        const verdict = yield* Fiber.join(accepting)
        assert.strictEqual(
          verdict._tag === "Refused" ? verdict.refusal.code : verdict._tag,
          "ACCOUNT_INACTIVE"
        )
        assert.strictEqual((yield* (yield* Sessions).find(session(1)))?.status, "pending_acceptance")
      })
    ))
})
