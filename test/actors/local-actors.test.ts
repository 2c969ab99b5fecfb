// Calling an actor that lives on the same runner: without the cluster's detour while that is safe, with it as
// soon as it is not, and never without a bound.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { makeActorClient } from "../../src/actors/actor-client.ts"
import { actorLimits } from "../../src/actors/actor-limits.ts"
import * as LocalActors from "../../src/actors/local-actors.ts"
import { refuse, type Refusal } from "../../src/domain/refusal.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { actorWorld, toSession } from "./actor-world.ts"
import { customerSide, during, running, setting } from "./playing.ts"

type Answer = Effect.Effect<string, Refusal | Unavailable>

const moved = new Unavailable({ what: "actor", retryable: true })

/** An actor on this runner, and the cluster that starts it and carries what is not called directly. */
const makeRunner = Effect.gen(function*() {
  const carried: Array<string> = []
  const taken: Array<string> = []
  const life = yield* Scope.make()
  const actor = {
    answers: (call: string): Answer => Effect.succeed(`here: ${call}`),
    elsewhere: null as ((call: string) => Answer) | null
  }
  const localActors = yield* LocalActors.LocalActors
  const served = yield* localActors.register("Toy", "a", (call: string) =>
    Effect.suspend(() => {
      taken.push(call)
      return actor.answers(call)
    })).pipe(Scope.provide(life))
  const run = yield* makeActorClient("Toy", (_id: string, call: string) =>
    Effect.suspend(() => {
      carried.push(call)
      return actor.elsewhere === null ? served(call) : actor.elsewhere(call)
    }))
  return { actor, carried, life, run: (call: string) => run("a", call), taken }
})

const onRunner = Effect.provide(LocalActors.layer)

describe("an actor on the same runner", () => {
  it.effect("is started by the cluster and then called directly", () =>
    Effect.gen(function*() {
      const { carried, run, taken } = yield* makeRunner
      assert.strictEqual(yield* run("first"), "here: first")
      assert.strictEqual(yield* run("second"), "here: second")
      assert.deepStrictEqual(carried, ["first"])
      assert.deepStrictEqual(taken, ["first", "second"])
    }).pipe(onRunner))

  it.effect("is called through the cluster once a minute, which lets it rest otherwise", () =>
    Effect.gen(function*() {
      const { carried, run } = yield* makeRunner
      yield* run("0 s")
      yield* TestClock.adjust("59 seconds")
      yield* run("59 s")
      yield* TestClock.adjust("1 seconds")
      yield* run("60 s")
      yield* run("60 s, again")
      assert.deepStrictEqual(carried, ["0 s", "60 s"])
    }).pipe(onRunner))

  it.effect("refuses in its own words, at once", () =>
    Effect.gen(function*() {
      const { actor, carried, run } = yield* makeRunner
      yield* run("first")
      actor.answers = () => Effect.fail(refuse("SESSION_OVER", "It is over.", {}))
      assert.deepInclude(yield* Effect.flip(run("second")), { _tag: "Refusal", code: "SESSION_OVER" })
      assert.deepStrictEqual(carried, ["first"])
    }).pipe(onRunner))

  it.effect("that is not the owner any more sends its callers to the cluster, which knows who is", () =>
    Effect.gen(function*() {
      const { actor, carried, run } = yield* makeRunner
      yield* run("first")
      actor.answers = () => Effect.fail(moved)
      actor.elsewhere = (call) => Effect.succeed(`elsewhere: ${call}`)
      assert.strictEqual(yield* run("second"), "elsewhere: second")
      assert.deepStrictEqual(carried, ["first", "second"])
    }).pipe(onRunner))

  it.effect("that ends under a call is looked for elsewhere, and is not called any more", () =>
    Effect.gen(function*() {
      const { actor, carried, life, run, taken } = yield* makeRunner
      yield* run("first")
      actor.answers = () => Effect.never
      actor.elsewhere = (call) => Effect.succeed(`elsewhere: ${call}`)
      const waiting = yield* Effect.forkChild(run("second"))
      yield* TestClock.adjust("1 seconds")
      yield* Scope.close(life, Exit.void)
      assert.strictEqual(yield* Fiber.join(waiting), "elsewhere: second")
      assert.strictEqual(yield* run("third"), "elsewhere: third")
      assert.deepStrictEqual(carried, ["first", "second", "third"])
      assert.deepStrictEqual(taken, ["first", "second"])
    }).pipe(onRunner))

  it.effect("that does not answer costs eight seconds, also in a turn that cannot be stopped", () =>
    Effect.gen(function*() {
      const { actor, run } = yield* makeRunner
      yield* run("first")
      const gate = yield* Deferred.make<string>()
      actor.answers = () => Effect.uninterruptible(Deferred.await(gate))
      const waiting = yield* Effect.forkChild(Effect.flip(run("second")))
      yield* TestClock.adjust("7999 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepInclude(yield* Fiber.join(waiting), { _tag: "Unavailable", what: "cluster" })
      yield* Deferred.succeed(gate, "late")
    }).pipe(onRunner))

  it.effect("does not go on for a caller who has left", () =>
    Effect.gen(function*() {
      const { actor, run } = yield* makeRunner
      yield* run("first")
      let wasStopped = false
      actor.answers = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => wasStopped = true))
      const waiting = yield* Effect.forkChild(run("second"))
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.interrupt(waiting)
      assert.isTrue(wasStopped)
    }).pipe(onRunner))

  it.effect("with a full mailbox leaves the answer to the cluster", () =>
    Effect.gen(function*() {
      const { actor, carried, run } = yield* makeRunner
      yield* run("first")
      const gate = yield* Deferred.make<string>()
      actor.answers = () => Deferred.await(gate)
      const waiting = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: actorLimits.mailbox_calls }), () => run("many"), {
          concurrency: "unbounded",
          discard: true
        })
      )
      yield* TestClock.adjust("1 millis")
      actor.elsewhere = () => Effect.fail(refuse("TOO_MANY_REQUESTS", "Full.", {}))
      yield* Effect.flip(run("one too many"))
      assert.deepStrictEqual(carried, ["first", "one too many"])
      yield* Deferred.succeed(gate, "all")
      yield* Fiber.join(waiting)
      assert.strictEqual(yield* run("room again"), "all")
    }).pipe(onRunner))
})

it.effect("A chat in which somebody writes every half minute is loaded once, and again after a rest", () =>
  Effect.gen(function*() {
    yield* setting("mitra_ping_required", false)
    const { customer_id, session_id } = yield* running(3_600)
    const { chat_sessions } = yield* MemoryTables
    const says = (body: string) => {
      const message = { message_id: `id-${body}`, client_message_id: `message-${body}`, body }
      return during(toSession(session_id, { _tag: "SendMessage", by: customerSide(customer_id), ...message }))
    }
    const epoch = () => chat_sessions.get(session_id)?.owner_epoch ?? 0
    yield* says("first")
    const loaded = epoch()
    for (let half = 0; half < 20; half += 1) {
      yield* TestClock.adjust("30 seconds")
      yield* says(`${half}`)
    }
    assert.strictEqual(epoch(), loaded)
    yield* TestClock.adjust("5 minutes")
    yield* says("last")
    assert.strictEqual(epoch(), loaded + 1)
  }).pipe(Effect.provide(actorWorld)))
