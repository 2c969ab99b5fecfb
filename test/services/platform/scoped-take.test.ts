// What is taken until a scope closes: when it is given back, how often, and in which context.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { scopedTake } from "../../../src/services/platform/scoped-take.ts"

class Taker extends Context.Service<Taker, string>()("test/Taker") {}

describe("what is taken until a scope closes", () => {
  it.effect("is given back once, without the services it was taken with", () =>
    Effect.gen(function*() {
      const given: Array<string> = []
      const scope = Scope.makeUnsafe()
      const giveBack = (what: string) =>
        Effect.map(Effect.context<never>(), (context) => {
          given.push(`${what} by ${Context.getOrUndefined(context as Context.Context<Taker>, Taker)}`)
        })
      const one = scopedTake(Effect.succeed("a place"), giveBack)
      assert.strictEqual(
        yield* one.pipe(Effect.provideService(Taker, "a taker"), Scope.provide(scope)),
        "a place"
      )
      assert.deepStrictEqual(given, [])
      yield* Scope.close(scope, Exit.void)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(given, ["a place by undefined"])
    }))

  it.effect("is not given back when it was not taken, and at once when the scope has closed", () =>
    Effect.gen(function*() {
      const given: Array<string> = []
      const scope = Scope.makeUnsafe()
      const giveBack = (what: string) => Effect.sync(() => given.push(what))
      const failed = yield* Effect.exit(Scope.provide(scopedTake(Effect.fail("full"), giveBack), scope))
      assert.deepStrictEqual(failed, Exit.fail("full"))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(given, [])
      yield* Scope.provide(scopedTake(Effect.succeed("late"), giveBack), scope)
      assert.deepStrictEqual(given, ["late"])
    }))
})
