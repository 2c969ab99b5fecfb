// A runner that cannot serve says so and keeps nobody: what the cluster finds becomes a reason against
// traffic, a clock that is off takes the runner out of the cluster, and whoever is connected to a runner that
// has been unready for some seconds is sent to one that is not.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import {
  ClusterStanding,
  type ClusterStandingOf,
  type Standing
} from "../services/platform/cluster-standing.ts"
import * as RealTime from "../services/platform/real-time.ts"
import { Readiness } from "./readiness.ts"
import { Connections } from "./socket/connections.ts"

const lookEvery = "500 millis"
/** A hand-over of actors, or one unlucky look, is no reason. */
export const partlessForMs = 2_000
/** After an outage parts are taken up again one by one; what lasts so long somebody must mend. */
export const partlessTooLongMs = 30_000
/** A flicker costs nobody a connection. */
export const unreadyForMs = 2_000

const saying = ({ own_address, unreached }: Standing) =>
  unreached.length === 0
    ? { own_address, unreached, hint: "no other runner reached this one at its address yet" }
    : { own_address, unreached, hint: "this runner does not reach these, and has left its actors to others" }

const stopping = new Set<string>(["draining", "starting"])

/**
 * What to do about a look at this runner's part in the cluster. A runner begins without one: it is not told
 * as lost then, but as missing where that lasts.
 */
export const makePartWatch = () => {
  let partlessSince: number | null = null
  let isOut = true
  let isToldTooLong = false
  return (hasPart: boolean, now: number): "nothing" | "clear" | "raise" | "warn" | "complain" => {
    if (hasPart) {
      const wasOut = isOut
      partlessSince = null
      isOut = isToldTooLong = false
      return wasOut ? "clear" : "nothing"
    }
    partlessSince ??= now
    const partlessMs = now - partlessSince
    if (partlessMs < partlessForMs) return "nothing"
    const isNews = !isOut
    isOut = true
    if (isNews) return "warn"
    if (partlessMs < partlessTooLongMs || isToldTooLong) return "raise"
    isToldTooLong = true
    return "complain"
  }
}

const makeLook = Effect.fnUntraced(function*(standing: ClusterStandingOf) {
  const readiness = yield* Readiness
  const connections = yield* Connections
  const partWatch = makePartWatch()
  let unreadySince: number | null = null
  let hasSentAway = false

  const watchPart = Effect.fnUntraced(function*(now: number) {
    const found = yield* standing.now
    const next = partWatch(found.has_part, now)
    if (next === "nothing") return
    if (next === "clear") return yield* readiness.clear("cluster_isolated")
    const told = Effect.annotateLogs(saying(found))
    if (next === "warn") yield* Effect.logWarning("not ready: no part in the cluster").pipe(told)
    if (next === "complain") yield* Effect.logError("still no part in the cluster").pipe(told)
    yield* readiness.raise("cluster_isolated", saying(found))
  })

  return Effect.gen(function*() {
    const now = yield* RealTime.onRealTime(Clock.currentTimeMillis)
    yield* watchPart(now)
    const reasons = yield* readiness.reasons
    yield* standing.stepBack(reasons.includes("clock_off"))
    if (reasons.length === 0 || reasons.some((reason) => stopping.has(reason))) {
      unreadySince = null
      hasSentAway = false
      return
    }
    unreadySince ??= now
    if (now - unreadySince < unreadyForMs) return
    const sent = yield* connections.sendAway(hasSentAway)
    hasSentAway = true
    if (sent === 0) return
    yield* Effect.logWarning("sent phones away: not ready").pipe(
      Effect.annotateLogs({ phones: sent, reasons })
    )
  })
})

export const layer = Layer.effectDiscard(Effect.gen(function*() {
  const standing = yield* ClusterStanding
  if (standing === null) return
  yield* (yield* Readiness).raise("cluster_isolated", saying(yield* standing.now))
  const look = yield* makeLook(standing)
  // Also while a tester holds the product's clock: a runner that never looks again is never ready.
  yield* Effect.forkScoped(RealTime.onRealTime(Effect.repeat(look, Schedule.spaced(lookEvery))))
}))
