// A call that is several statements on Postgres: in some worlds others come between two of them, the store
// may go away there, and a caller that dies there never sends the rest.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Prng } from "../../../simulator/kernel/prng.ts"
import { Process } from "../../../simulator/kernel/process.ts"
import { runtimeOf, start } from "../../../simulator/kernel/runtime.ts"
import { VirtualTime } from "../../../simulator/kernel/virtual-time.ts"
import { Store } from "../../../simulator/stores/store.ts"
import { betweenStatements } from "../../../testkit/memory/store/statements.ts"

/** A store, a caller of two statements, and what the database did in which order. */
const world = (share: number) => {
  const time = new VirtualTime(0)
  const prng = new Prng("split calls")
  const contextOf = (process: Process) =>
    runtimeOf(time, process, { prng, log: () => {} }) as unknown as Context.Context<never>
  const caller = new Process("caller")
  const store = new Store({
    name: "postgres",
    time,
    prng,
    latency: { low_ms: 1, high_ms: 1 },
    isNear: false,
    context: contextOf(new Process("statements"))
  })
  store.splitCalls(share, prng.split("split"))
  const did: Array<string> = []
  const note = (what: string) => Effect.sync(() => void did.push(what))
  const two = Effect.andThen(Effect.andThen(note("first"), betweenStatements), note("second"))
  const run = (statement: Effect.Effect<unknown, unknown>, by: Process = caller) => {
    const ended: { exit: Exit.Exit<unknown, unknown> | null } = { exit: null }
    start(contextOf(by), store.call(by, statement)).addObserver((exit) => {
      ended.exit = exit
    })
    time.drain()
    return ended
  }
  return { caller, did, note, run, store, time, two }
}

describe("a call of two statements", () => {
  it("is one step, where nothing is split", () => {
    const { did, note, run, time, two } = world(0)
    run(two)
    run(note("another's"), new Process("another"))
    time.runUntil(20_000)
    assert.deepStrictEqual(did, ["first", "second", "another's"])
  })

  it("lets another's statement in between, where calls are split", () => {
    const { did, note, run, time, two } = world(1)
    const ended = run(two)
    run(note("another's"), new Process("another"))
    time.runUntil(20_000)
    assert.deepStrictEqual(did, ["first", "another's", "second"])
    assert.isTrue(ended.exit !== null && Exit.isSuccess(ended.exit))
  })

  it("is half done when the store goes away in between, and its caller hears that it is gone", () => {
    const { did, run, store, time, two } = world(1)
    const ended = run(two)
    time.runUntil(1_500)
    store.goDown()
    time.runUntil(20_000)
    assert.deepStrictEqual(did, ["first"])
    assert.isTrue(ended.exit !== null && Exit.isFailure(ended.exit))
  })

  it("is half done when its caller dies in between", () => {
    const { caller, did, run, time, two } = world(1)
    run(two)
    time.runUntil(1_500)
    caller.kill()
    time.runUntil(20_000)
    assert.deepStrictEqual(did, ["first"])
  })
})
