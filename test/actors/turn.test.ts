// The turn loop's promises, one by one, on a toy machine with a programmable journal.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { makeTurns } from "../../src/actors/turn.ts"
import { refuse } from "../../src/domain/refusal.ts"
import { Failpoints } from "../../src/services/manual-clock/failpoints.ts"
import type { Verdict } from "../../src/services/journal/journal.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"
import {
  benchLayer,
  counter,
  makeBench,
  makeRow,
  type Bench,
  type CountCommand,
  type Row
} from "./counter-machine.ts"

const call = (command: CountCommand, command_id: string | null = null) => ({
  sender_id: "customer:a",
  command_id,
  command,
  staff: null
})
const add = (n: number, id: string | null = null) => call({ _tag: "Add", n }, id)

const withTurns = (bench: Bench, row: Row) => makeTurns(counter(row)).pipe(Effect.provide(benchLayer(bench)))

const committed: Verdict = { _tag: "Committed" }

describe("the turn loop", () => {
  it.effect("replies only after the commit, and publishes only what is committed", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const gate = yield* Deferred.make<Verdict>()
      bench.verdicts.push(Deferred.await(gate))
      const turns = yield* withTurns(bench, makeRow())
      const running = yield* Effect.forkChild(turns.run(add(3)))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(running.pollUnsafe())
      assert.lengthOf(bench.published, 0)
      yield* Deferred.succeed(gate, committed)
      assert.strictEqual(yield* Fiber.join(running), 3)
      assert.lengthOf(bench.published, 1)
    }).pipe(Effect.scoped))

  it.effect("passes the failpoints around its commit and its publishing, once per event", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const passed: Array<string> = []
      const note = (point: string) =>
        Effect.sync(() => void passed.push(`${point} ${bench.turns.length}/${bench.published.length}`))
      bench.verdicts.push(Effect.as(note("commit"), committed), Effect.succeed({ _tag: "Fenced" }))
      const turns = yield* withTurns(bench, makeRow(0)).pipe(
        Effect.provideService(Failpoints, { pass: note })
      )
      yield* turns.run(add(3))
      assert.deepStrictEqual(passed, [
        "before_commit:Rang 0/0",
        "before_commit:Added 0/0",
        "commit 1/0",
        "after_commit:Rang 1/0",
        "after_commit:Added 1/0",
        "after_publish:Rang 1/2",
        "after_publish:Added 1/2"
      ])
      passed.length = 0
      yield* Effect.flip(turns.run(add(1)))
      assert.deepStrictEqual(
        passed,
        ["before_commit:Added 1/2"],
        "what was not committed passes no more gates"
      )
    }).pipe(Effect.scoped))

  it.effect("takes one turn at a time, in the order of arrival", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const turns = yield* withTurns(bench, makeRow())
      const replies = yield* Effect.all([turns.run(add(1)), turns.run(add(2)), turns.run(add(3))], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(replies, [1, 3, 6])
    }).pipe(Effect.scoped))

  it.effect("answers a repeated command id with the first outcome and writes nothing", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const turns = yield* withTurns(bench, makeRow())
      assert.strictEqual(yield* turns.run(add(4, "command-1")), 4)
      assert.strictEqual(yield* turns.run(add(4, "command-1")), 4)
      assert.lengthOf(bench.turns, 1)
    }).pipe(Effect.scoped))

  it.effect("answers a repeat that the new state would refuse with its stored outcome", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      bench.stored.set("customer:a command-1", 7)
      const row = makeRow()
      row.state = { value: 7, due_at: null }
      const turns = yield* withTurns(bench, row)
      assert.strictEqual(yield* turns.run(add(7, "command-1")), 7)
      assert.lengthOf(bench.turns, 0)
    }).pipe(Effect.scoped))

  it.effect("takes the journal's word for a repeat and keeps its memory as it was", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      bench.verdicts.push(Effect.succeed({ _tag: "Repeated", outcome: 2 }))
      const turns = yield* withTurns(bench, makeRow())
      assert.strictEqual(yield* turns.run(add(5, "command-1")), 2)
      assert.strictEqual(yield* turns.run(add(1)), 1)
    }).pipe(Effect.scoped))

  it.effect("a fenced-out actor stops itself and owns again only after its silence", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      bench.verdicts.push(Effect.succeed({ _tag: "Fenced" }))
      const row = makeRow()
      const turns = yield* withTurns(bench, row)
      assert.strictEqual((yield* Effect.flip(turns.run(add(1))))._tag, "Unavailable")
      assert.strictEqual((yield* Effect.flip(turns.run(add(1))))._tag, "Unavailable")
      assert.strictEqual(row.claims, 1)
      assert.lengthOf(bench.published, 0)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* turns.run(add(1)), 1)
      assert.strictEqual(row.claims, 2)
    }).pipe(Effect.scoped))

  it.effect("forgets its memory when a commit's outcome is unknown", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      bench.verdicts.push(Effect.fail(new Unavailable({ what: "postgres", retryable: true })))
      const row = makeRow()
      const turns = yield* withTurns(bench, row)
      assert.strictEqual((yield* Effect.flip(turns.run(add(1))))._tag, "Unavailable")
      row.state = { value: 5, due_at: null }
      assert.strictEqual(yield* turns.run(add(1)), 6)
      assert.strictEqual(row.claims, 2)
    }).pipe(Effect.scoped))

  it.effect("passes the journal's refusal on and changes nothing", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      bench.verdicts.push(Effect.succeed({ _tag: "Refused", refusal: refuse("MITRA_AT_CAPACITY", "full") }))
      const turns = yield* withTurns(bench, makeRow())
      const error = yield* Effect.flip(turns.run(add(1)))
      assert.strictEqual(error._tag === "Refusal" ? error.code : "", "MITRA_AT_CAPACITY")
      assert.strictEqual(yield* turns.run(add(2)), 2)
    }).pipe(Effect.scoped))
})

describe("supervision of a turn", () => {
  it.effect("a defect costs its caller one answer; the state is reloaded and others go on", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const row = makeRow()
      const turns = yield* withTurns(bench, row)
      assert.strictEqual((yield* Effect.flip(turns.run(call({ _tag: "Explode" }))))._tag, "Unavailable")
      assert.strictEqual(yield* turns.run(add(1)), 1)
      assert.strictEqual(row.claims, 2)
    }).pipe(Effect.scoped))

  it.effect("repeated defects silence the actor with back-off instead of spinning", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const row = makeRow()
      const turns = yield* withTurns(bench, row)
      for (let i = 0; i < 3; i++) yield* Effect.flip(turns.run(call({ _tag: "Explode" })))
      const claims = row.claims
      assert.strictEqual((yield* Effect.flip(turns.run(add(1))))._tag, "Unavailable")
      assert.strictEqual(row.claims, claims)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* turns.run(add(1)), 1)
    }).pipe(Effect.scoped))

  it.effect("an interrupted caller does not leave memory behind the database", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const gate = yield* Deferred.make<Verdict>()
      bench.verdicts.push(Deferred.await(gate))
      const turns = yield* withTurns(bench, makeRow())
      const running = yield* Effect.forkChild(turns.run(add(3)))
      yield* TestClock.adjust("1 second")
      const stopping = yield* Effect.forkChild(Fiber.interrupt(running))
      yield* Deferred.succeed(gate, committed)
      yield* Fiber.join(stopping)
      assert.strictEqual(yield* turns.run(add(1)), 4)
    }).pipe(Effect.scoped))
})

describe("deadlines of an actor", () => {
  it.effect("fire on time without anybody asking", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const turns = yield* withTurns(bench, makeRow(10_000))
      yield* turns.run(add(1))
      yield* TestClock.adjust("9 seconds")
      assert.lengthOf(bench.turns, 1)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(bench.turns, 2)
    }).pipe(Effect.scoped))

  it.effect("are tried again while the database is away, and do not spin", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const down = Effect.fail(new Unavailable({ what: "postgres", retryable: true }))
      const turns = yield* withTurns(bench, makeRow(5000))
      yield* turns.run(add(1))
      for (let i = 0; i < 40; i++) bench.verdicts.push(down)
      yield* TestClock.adjust("15 seconds")
      assert.isAbove(bench.turns.length, 3)
      assert.isBelow(bench.turns.length, 20)
      bench.verdicts.length = 0
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(bench.published, 2)
    }).pipe(Effect.scoped))

  it.effect("that passed unnoticed take effect even when the command itself is refused", () =>
    Effect.gen(function*() {
      const bench = makeBench()
      const row = makeRow(5000)
      row.state = { value: 10, due_at: 5000 }
      const turns = yield* withTurns(bench, row)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* Effect.flip(turns.run(add(5))))._tag, "Refusal")
      assert.lengthOf(bench.turns, 1)
    }).pipe(Effect.scoped))
})
