// What this process knows of itself, for staff: since when it runs and how many phones are on it. Below both
// listeners, because the internal one tells what the public one, built later, counts.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Connections } from "../socket/connections.ts"

export class ThisRunner extends Context.Service<ThisRunner, {
  readonly started_at: number
  /** 0 before the public listener is there and after it is gone. */
  readonly public_connections: Effect.Effect<number>
  /** From now on, and until the scope closes, this is how they are counted. */
  readonly countWith: (count: Effect.Effect<number>) => Effect.Effect<void, never, Scope.Scope>
}>()("halobestie/http/ThisRunner") {}

const none = Effect.succeed(0)

export const layer = Layer.effect(ThisRunner)(Effect.gen(function*() {
  let counting = none
  return ThisRunner.of({
    started_at: yield* Clock.currentTimeMillis,
    public_connections: Effect.suspend(() => counting),
    countWith: (count) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => {
          counting = count
        }),
        () =>
          Effect.sync(() => {
            counting = none
          })
      ))
  })
}))

/** Over the public listener: its connections are the ones that count. */
export const layerCounted = Layer.effectDiscard(Effect.gen(function*() {
  yield* (yield* ThisRunner).countWith((yield* Connections).count)
}))
