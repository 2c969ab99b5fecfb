// The stream of one watching page: what changed since its cursor, at most two batches a second, and a sign of
// life when nothing does. A page that is slow is told the newest state later, never a backlog.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { WatchBatch } from "../../../contract/staff/console.ts"
import { instant } from "../../../contract/fields.ts"
import { ManualClock } from "../../../services/manual-clock/manual-clock.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import type { Cursor } from "./board.ts"
import { LiveHub } from "./live-hub.ts"
import { liveView } from "./live-view.ts"

const betweenBatchesMs = 500
const signOfLifeMs = 5_000
/** Time that a tester moves is told soon, though nothing else has changed. */
const manualClockMs = 1_000

const rateOf = Effect.gen(function*() {
  const clock = yield* ManualClock
  return clock === null ? 1 : (yield* clock.state).rate
})

export const watch = Effect.fnUntraced(function*(given: Cursor | null) {
  const hub = yield* LiveHub
  const isHeld = (yield* ManualClock) !== null
  yield* hub.watch
  let cursor = given
  let isComplete = false
  let isFirst = true

  const batch = Effect.gen(function*() {
    const page = hub.board.since(cursor)
    cursor = page.cursor
    isComplete = page.is_complete
    const told: WatchBatch = {
      ...page,
      is_fresh: hub.isFresh(),
      server_now: instant(yield* Clock.currentTimeMillis),
      rate: yield* rateOf,
      sessions: page.sessions.map(liveView),
      counts: hub.board.counts,
      alerts: hub.board.alerts,
      history: page.history.map(({ at, version: _version, ...counts }) => ({ at: instant(at), ...counts }))
    }
    return [told] as const
  })

  const wait = Effect.suspend(() => {
    const latch = hub.changed()
    return RealTime.timeoutOrElse(latch.await, {
      duration: isHeld ? manualClockMs : signOfLifeMs,
      orElse: () => Effect.void
    })
  })

  const next = Effect.gen(function*() {
    if (isFirst) isFirst = false
    else {
      yield* RealTime.onRealTime(Effect.sleep(betweenBatchesMs))
      const isBehind = cursor === null || cursor.version !== hub.board.version || !isComplete
      if (!isBehind) yield* wait
    }
    return yield* batch
  })
  return Stream.fromPull(Effect.succeed(next))
})
