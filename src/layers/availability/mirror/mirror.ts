// The mirror of one runner: the breaker, the write-through, the reseeds, the pings only we know. It does
// not answer questions: availability.valkey.ts does, and availability.ts decides whom to ask.
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { SecureRandom } from "effect/crypto"
import type { ReseedReport } from "../../../services/availability/mirror.ts"
import { makeMirrorReads, type MirrorReads } from "../availability.valkey.ts"
import type { MirrorRows } from "../mirror-rows.postgres.ts"
import type { ValkeySightings } from "../valkey-sightings.postgres.ts"
import { type Breaker, makeBreaker } from "../../platform/valkey/breaker.ts"
import { unavailable, Valkey } from "../../platform/valkey/connection.ts"
import { grouped } from "../../platform/valkey/grouped.ts"
import { makeEvictionRest } from "./eviction-rest.ts"
import { makeMirrorWrites } from "./mirror-writes.ts"
import { makeRecentPings, type RecentPings } from "./recent-pings.ts"
import { makeReseed, type Reseed } from "./reseed.ts"
import { identityOf, makeSharing, notShared, type Sharing } from "./sharing.ts"

export interface MirrorOptions {
  /** How often the write-back sweep runs: rows may be this much behind on pings. */
  readonly write_back_seconds: number
  /** Left alone so long, at most, when it is lost again and again: half a minute unless given. */
  readonly rest_max_ms?: number
}

/** Since this runner started. */
export interface Figures {
  fallbacks: number
  writes_lost: number
  drift_found: number
  drift_healed: number
  last_seed: ReseedReport | null
}

const firstSeedWithinMs = 15_000
const retryAfterMs = 100
const retryAfterMaxMs = 1_000
const lastsAfterMs = 10_000
const restMs = 1_000
const restMaxMs = 30_000
const idsPerRefresh = 500
const refreshesWaitingMax = 50_000
const replayAtOnce = 2_000

const fallbacksTotal = Metric.counter("mirror_fallbacks_total", {
  description: "Questions Postgres answered because the mirror could not"
})
const writesLostTotal = Metric.counter("mirror_writes_lost_total", {
  description: "Changes the mirror was not told of; the next reseed brings them"
})
const driftTotal = Metric.counter("mirror_drift_total", {
  description: "Differences between rows and mirror that reseeds found"
})

const makeFigures = () => {
  const figures: Figures = { fallbacks: 0, writes_lost: 0, drift_found: 0, drift_healed: 0, last_seed: null }
  return {
    figures,
    fellBack: Effect.suspend(() => {
      figures.fallbacks += 1
      return Metric.update(fallbacksTotal, 1)
    }),
    lostWrites: (count: number) =>
      Effect.suspend(() => {
        figures.writes_lost += count
        return Metric.update(writesLostTotal, count)
      }),
    reseeded: (report: ReseedReport) =>
      Effect.suspend(() => {
        figures.last_seed = report
        figures.drift_found += report.drift_found
        figures.drift_healed += report.healed
        return Metric.update(driftTotal, report.drift_found)
      })
  }
}

/** Tells the rows what only this runner knows, before they are asked who is fresh. */
const flushTo = (rows: MirrorRows, pings: RecentPings) =>
  Effect.suspend(() => rows.recordHeartbeats(pings.all())).pipe(
    Effect.flatMap((written) =>
      Effect.logInfo("recent pings written to the rows").pipe(Effect.annotateLogs({ written }))
    ),
    Effect.catch(() => Effect.logWarning("recent pings not written: Postgres did not answer"))
  )

const replayTo = (reads: MirrorReads, pings: RecentPings) =>
  Effect.suspend(() =>
    Effect.forEach(pings.all(), ([mitraId, at]) => reads.heartbeat(mitraId, at), {
      concurrency: replayAtOnce,
      discard: true
    })
  )

const lossOf = { lost: "the connection was lost", evicts: "keys may have been thrown away" } as const

/** The connection's own callbacks, brought into the scope's fibers. */
const followConnection = Effect.fnUntraced(function*(breaker: Breaker) {
  const valkey = yield* Valkey
  const scope = yield* Effect.scope
  const context = yield* Effect.context<never>()
  const unwatch = valkey.watch((event) => {
    if (event === "ready") breaker.wake()
    else Effect.runForkWith(context)(Effect.forkIn(breaker.trip(lossOf[event]), scope))
  })
  yield* Effect.addFinalizer(() => Effect.sync(unwatch))
})

/** Changes on their way into the mirror; those that arrive while a group is written share the next one. */
const makeRefresh = (
  breaker: Breaker,
  rewrite: Reseed["rewrite"],
  lostWrites: (count: number) => Effect.Effect<void>
) =>
  grouped<string, null>({
    queue_max: refreshesWaitingMax,
    group_max: idsPerRefresh,
    run: (ids) =>
      breaker.writing(rewrite([...new Set(ids)])).pipe(
        Effect.tapError(() => lostWrites(ids.length)),
        Effect.as(ids.map(() => null))
      )
  })

const oneForAll: Sharing = { isShared: () => true }

const sharingOf = (
  valkey: Valkey["Service"],
  sightings: ValkeySightings,
  runner: string,
  onSplit: Effect.Effect<void>
) => makeSharing({ sightings, runner, seen: identityOf(valkey, runner), onSplit })

/** `sightings` are null where all runners have the same Valkey for certain. */
export const makeMirror = Effect.fnUntraced(function*(
  options: MirrorOptions,
  rows: MirrorRows,
  sightings: ValkeySightings | null
) {
  const valkey = yield* Valkey
  const random = yield* SecureRandom.SecureRandom
  const scope = yield* Effect.scope
  const context = yield* Effect.context<never>()
  const writes = yield* makeMirrorWrites(random.uuidV7())
  const { filledBuckets, membersOf, reseed, rewrite } = yield* makeReseed(rows, writes)
  const { fellBack, figures, lostWrites, reseeded } = makeFigures()
  // Twice the interval, because a write-back may fail once; and a little for the pass itself.
  const pings = makeRecentPings(options.write_back_seconds * 2_000 + 30_000)
  let generation: string | null = null
  let trip: Breaker["trip"] | null = null

  const reads = yield* makeMirrorReads({
    onGeneration: (seen) => {
      if (generation === null || seen === generation) return
      // Another runner has filled an empty Valkey from the rows. It cannot know our last pings.
      generation = seen
      Effect.runForkWith(context)(Effect.forkIn(tellPings, scope))
    }
  })

  const seed = Effect.tap(reseed, (done) =>
    Effect.gen(function*() {
      generation = done.generation
      yield* reseeded(done.report)
      yield* Effect.logInfo("mirror reseeded").pipe(Effect.annotateLogs({ ...done.report }))
    })).pipe(Effect.map((done) => done.report))

  const tellPings: Effect.Effect<void> = Effect.suspend(() =>
    Effect.ignore(breaker.writing(replayTo(reads, pings)))
  )

  const onSplit = Effect.suspend(() => trip === null ? Effect.void : trip(notShared))
  const sharing = sightings === null
    ? oneForAll
    : yield* sharingOf(valkey, sightings, yield* random.uuidV7(), onSplit)
  const evictionRest = makeEvictionRest(valkey)
  const probe = Effect.flatMap(
    valkey.call("PING"),
    () => sharing.isShared() ? evictionRest : Effect.fail(unavailable)
  )
  const breaker: Breaker = yield* makeBreaker({
    probe,
    recover: Effect.andThen(seed, replayTo(reads, pings)),
    onTrip: flushTo(rows, pings),
    onUp: tellPings,
    first_within_ms: firstSeedWithinMs,
    retry_after_ms: retryAfterMs,
    retry_after_max_ms: retryAfterMaxMs,
    lasts_after_ms: lastsAfterMs,
    rest_ms: restMs,
    rest_max_ms: options.rest_max_ms ?? restMaxMs
  })
  trip = breaker.trip
  yield* followConnection(breaker)
  const refresh = yield* makeRefresh(breaker, rewrite, lostWrites)

  return {
    breaker,
    fellBack,
    figures,
    filledBuckets,
    membersOf,
    pings,
    reads,
    refresh,
    rows,
    seed,
    sharing,
    valkey
  }
})

export type MirrorParts = Effect.Success<ReturnType<typeof makeMirror>>
