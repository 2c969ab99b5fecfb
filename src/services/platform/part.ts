// A part of the server that starts and stops as one. It says so, which is how the order can be seen, and its
// stop is bounded: what is not through within its budget goes on by itself while the next part stops.
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as RealTime from "./real-time.ts"
import { type Part, partBudgets } from "./stop-budgets.ts"

/** Closed in a fiber of its own, because a finalizer that waits cannot be interrupted. */
const closeWithin = Effect.fnUntraced(
  function*(name: string, scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>, within_ms: number) {
    yield* Effect.logDebug(`stopping ${name}`)
    const closing = yield* Effect.forkDetach(Scope.close(scope, exit), { startImmediately: true })
    const ended = closing.pollUnsafe() ?? (yield* RealTime.awaitFor(closing, within_ms))
    yield* ended === null
      ? Effect.logWarning(`${name} did not stop within ${within_ms} ms; going on without it`)
      : Effect.logDebug(`stopped ${name}`)
  }
)

/** `layer`, with its resources in a scope of their own, which gets so long to close. */
export const stoppingWithin = <A, E, R>(
  name: string,
  within_ms: number,
  layer: Layer.Layer<A, E, R>
): Layer.Layer<A, E, R> =>
  Layer.fromBuildMemo((memoMap, scope) =>
    Effect.gen(function*() {
      const own = Scope.makeUnsafe()
      yield* Scope.addFinalizerExit(scope, (exit) => closeWithin(name, own, exit, within_ms))
      const services = yield* Layer.buildWithMemoMap(layer, memoMap, own)
      yield* Effect.logDebug(`started ${name}`)
      return services
    })
  )

/** `layer` as this part of the server, which has its budget in stop-budgets.ts to close. */
export const part = <A, E, R>(name: Part, layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  stoppingWithin(name, partBudgets[name], layer)
