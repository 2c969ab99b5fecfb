// Beacon over Availability: a snapshot that lives ten seconds, shared by the cluster where there is a
// place to share it, else kept by each runner. One fiber per runner looks for all of its phones.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { freshness } from "../../domain/freshness.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Beacon, type BeaconSnapshot } from "../../services/availability/beacon.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { Settings } from "../../services/settings/settings.ts"
import { singleFlight } from "../platform/single-flight.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"

export const snapshotLifetimeMs = 10_000
/** How long a runner answers without looking whether another one has a newer snapshot. */
export const heldMs = 1_000
/** How often a runner looks on behalf of all who watch. */
export const watchEveryMs = 2_000
/** A runner that waits for another one's count looks this often, and counts itself after so many looks. */
const lookAgainMs = 100
const looksMax = 10

/** Where runners share snapshots. Failing is normal and means: no help from there, go on alone. */
export interface SharedSnapshots {
  readonly read: Effect.Effect<BeaconSnapshot | null, Unavailable>
  /** True for the one runner that should count now. */
  readonly claim: Effect.Effect<boolean, Unavailable>
  readonly write: (snapshot: BeaconSnapshot) => Effect.Effect<void, Unavailable>
}

const says = (one: BeaconSnapshot, other: BeaconSnapshot): boolean =>
  one.available === other.available && one.count === other.count

const isFresh = (
  snapshot: BeaconSnapshot | null,
  now: number,
  maxAgeMs: number
): snapshot is BeaconSnapshot =>
  // Taken "later" than now happens with a clock a little ahead, or one that was set back.
  snapshot !== null && Math.abs(now - snapshot.taken_at) < maxAgeMs

const makeLook = Effect.fnUntraced(function*(shared: SharedSnapshots | null) {
  const availability = yield* Availability
  const settings = yield* Settings
  // This runner's own memory: all there is without a shared place, and what serves while one fails.
  let remembered: BeaconSnapshot | null = null

  const count = Effect.gen(function*() {
    const taken_at = yield* Clock.currentTimeMillis
    const { available } = yield* availability.counts(freshness(yield* settings.current, taken_at))
    const snapshot: BeaconSnapshot = { available: available > 0, count: available, taken_at }
    if (shared !== null) yield* Effect.ignore(shared.write(snapshot))
    return snapshot
  })

  const findShared = (place: SharedSnapshots) =>
    Effect.gen(function*() {
      for (let look = 0; look < looksMax; look++) {
        const found = yield* place.read
        if (isFresh(found, yield* Clock.currentTimeMillis, snapshotLifetimeMs)) return found
        if (yield* place.claim) return null
        yield* RealTime.onRealTime(Effect.sleep(lookAgainMs))
      }
      return null
    })

  return Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const own = isFresh(remembered, now, snapshotLifetimeMs) ? remembered : null
    const found = shared === null
      ? own
      : yield* Effect.catch(findShared(shared), () => Effect.succeed(own))
    remembered = found ?? (yield* count)
    return remembered
  })
})

/** Passes what is newer than everything before it and says something else. */
const onlyNews = (stream: Stream.Stream<BeaconSnapshot, Unavailable>) =>
  stream.pipe(Stream.mapAccum(() => null as BeaconSnapshot | null, (last, next) => {
    if (last !== null && next.taken_at < last.taken_at) return [last, []] as const
    return last !== null && says(last, next) ? [next, []] as const : [next, [next]] as const
  }))

export const make = Effect.fnUntraced(function*(shared: SharedSnapshots | null) {
  const look = yield* makeLook(shared)
  let held: { readonly snapshot: BeaconSnapshot; readonly since: number } | null = null

  const lookNow = Effect.gen(function*() {
    const snapshot = yield* look
    held = { snapshot, since: yield* Clock.currentTimeMillis }
    return snapshot
  })
  const looking = singleFlight(lookNow, yield* Effect.scope)

  const current = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      held !== null && Math.abs(now - held.since) < heldMs && isFresh(held.snapshot, now, snapshotLifetimeMs)
        ? Effect.succeed(held.snapshot)
        : looking
  )

  // Runs while there are watchers. The last news is replayed to each watcher that joins.
  const news = yield* Stream.tick(watchEveryMs).pipe(
    Stream.mapEffect(() => Effect.catch(current, () => Effect.succeed(null))),
    Stream.filter((snapshot) => snapshot !== null),
    onlyNews,
    Stream.share({ capacity: 1, strategy: "sliding", replay: 1 })
  )
  return Beacon.of({ current, changes: onlyNews(Stream.concat(Stream.fromEffect(current), news)) })
})

/** Each runner for itself. */
export const layer = Layer.effect(Beacon)(make(null))
