// How soon a mirror is filled again on a Valkey that throws keys away. Each filling reads all mitras' rows
// and, in a full Valkey, throws away others' keys: so it waits until nothing has been thrown away for a
// while, and for longer each time it was in vain.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { growingPause } from "../../../domain/growing-pause.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import { unavailable, type Valkey } from "../../platform/valkey/connection.ts"

const restMs = 1_000
const restMaxMs = 600_000
/** A mirror that lived for so long was not filled in vain. */
const lastsAfterMs = 1_200_000

export const makeEvictionRest = (valkey: Valkey["Service"]) => {
  let evicted: number | null = null
  let evictedAt = Number.NEGATIVE_INFINITY
  let fills = 0
  let filledAt = Number.NEGATIVE_INFINITY

  /** Fails until it is time; what succeeds is followed by a filling. */
  return Effect.gen(function*() {
    const { eviction } = yield* valkey.state
    if (eviction === null) return
    const now = yield* RealTime.onRealTime(Clock.currentTimeMillis)
    if (evicted !== null && evicted !== eviction.evicted) evictedAt = now
    evicted = eviction.evicted
    if (now - filledAt > lastsAfterMs) fills = 0
    const rest = fills === 0 ? 0 : growingPause(fills - 1, restMs, restMaxMs)
    if (now - evictedAt < rest) return yield* Effect.fail(unavailable)
    fills += 1
    filledAt = now
  })
}
