// Shutdown by the process's own SIGTERM: a drain ordered by staff and a deployment take the same way.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RealTime from "../../services/platform/real-time.ts"
import { Shutdown } from "../../services/platform/shutdown.ts"

/** Enough for the answer to leave; the drain waits for calls in flight anyway, over HTTP as over sockets. */
const answerLeavesFirst = "200 millis"

/** `stop` runs once, however often it is asked for. */
export const layerStopping = (stop: Effect.Effect<void>) =>
  Layer.effect(Shutdown)(Effect.gen(function*() {
    const scope = yield* Effect.scope
    let requested = false
    return Shutdown.of({
      request: Effect.suspend(() => {
        if (requested) return Effect.void
        requested = true
        const soon = Effect.andThen(RealTime.onRealTime(Effect.sleep(answerLeavesFirst)), stop)
        // In the layer's scope: a process that is stopping already needs no signal.
        return Effect.asVoid(Effect.forkIn(soon, scope))
      })
    })
  }))

export const layer = layerStopping(Effect.sync(() => {
  process.kill(process.pid, "SIGTERM")
}))
