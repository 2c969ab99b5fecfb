// One look for all watchers of this runner: which live sessions changed, the counts, what needs somebody. It
// looks only while somebody watches, once a second, and never for more than a twentieth of the time; so what
// it costs follows what is alive, not how many pages are open.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { SecureRandom } from "effect/crypto"
import { freshness } from "../../../domain/freshness.ts"
import { refuse } from "../../../domain/refusal.ts"
import { Availability } from "../../../services/availability/availability.ts"
import { Mirror } from "../../../services/availability/mirror.ts"
import { Oversight } from "../../../services/oversight/oversight.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import { SessionOversight } from "../../../services/sessions/session-oversight.ts"
import { Settings } from "../../../services/settings/settings.ts"
import { Board } from "./board.ts"

const lookEveryMs = 1_000
const shareOfTime = 20
const sampleEveryMs = 15_000
const alertsEveryMs = 5_000
/** Everything the mirror holds is compared for it. */
const driftEveryMs = 30_000
/** So long after the last watcher left, one who comes back goes on where they were. */
const lingerMs = 60_000
/** A deadline that nobody noticed for so long. */
const stuckAfterMs = 30_000
const rowsAtOnce = 500
export const watchersMax = 100

export class LiveHub extends Context.Service<LiveHub, {
  readonly board: Board
  /** False while the rows do not answer. */
  readonly isFresh: () => boolean
  readonly watchers: () => number
  /** Opens when something changed since it was last closed; everybody shares it. */
  readonly changed: () => Latch.Latch
  /** Counts as a watcher until the scope closes; answers when the first look is done. */
  readonly watch: Effect.Effect<void, ReturnType<typeof tooMany>, Scope.Scope>
}>()("halobestie/http/LiveHub") {}

const tooMany = () =>
  refuse("TOO_MANY_REQUESTS", `${watchersMax} pages watch this runner already. Close one.`, {
    maximum: watchersMax
  })

const now = Clock.currentTimeMillis
const realNow = RealTime.onRealTime(Clock.currentTimeMillis)

const makeLook = Effect.fnUntraced(function*(board: Board) {
  const oversight = yield* Oversight
  const availability = yield* Availability
  const mirror = yield* Mirror
  const sessions = yield* SessionOversight
  const settings = yield* Settings
  let known: ReadonlyMap<string, string> = new Map()
  let alertsAt = 0
  let driftAt = 0
  let mirror_drift = 0

  const readCounts = Effect.gen(function*() {
    const freshest = freshness(yield* settings.current, yield* now)
    return { ...(yield* availability.counts(freshest)), ...(yield* sessions.counts) }
  })

  const sample = Effect.gen(function*() {
    const at = yield* now
    const last = board.lastSampleAt()
    const counts = yield* readCounts
    const isNew = board.setCounts(counts)
    if (last === null || at - last >= sampleEveryMs || at < last) board.sample(counts, at)
    return isNew
  })

  const readSessions = Effect.gen(function*() {
    const fingerprints = yield* oversight.fingerprints
    const changed = [...fingerprints].flatMap(([id, print]) => known.get(id) === print ? [] : [id])
    for (let from = 0; from < changed.length; from += rowsAtOnce) {
      const lines = yield* oversight.liveOf(changed.slice(from, from + rowsAtOnce))
      for (const line of lines) board.put(line)
    }
    for (const id of known.keys()) if (!fingerprints.has(id)) board.remove(id)
    known = fingerprints
  })

  const look = Effect.gen(function*() {
    const before = board.version
    yield* readSessions
    const countsMoved = yield* sample
    const at = yield* realNow
    if (at - alertsAt < alertsEveryMs) return countsMoved || board.version !== before
    alertsAt = at
    if (at - driftAt >= driftEveryMs) {
      driftAt = at
      mirror_drift = (yield* mirror.status).drift?.drifted ?? 0
    }
    const alerts = yield* oversight.alerts((yield* now) - stuckAfterMs)
    const alertsMoved = board.setAlerts({ ...alerts, mirror_drift })
    return alertsMoved || countsMoved || board.version !== before
  })

  const forget = () => {
    known = new Map()
    alertsAt = 0
    driftAt = 0
    board.clear()
  }
  return { look, sample, forget }
})

/** `sampling`: the counts of the last hour are kept even while nobody watches. */
export const layer = (options: { readonly sampling: boolean }) =>
  Layer.effect(LiveHub)(Effect.gen(function*() {
    const scope = yield* Effect.scope
    const random = yield* SecureRandom.SecureRandom
    const board = new Board("")
    const { forget, look, sample } = yield* makeLook(board)
    let watchers = 0
    let fresh = false
    let looking = false
    let changed = yield* Latch.make()
    let first = yield* Latch.make()

    const announce = () => {
      const waited = changed
      changed = Latch.makeUnsafe()
      waited.openUnsafe()
    }

    const pass = Effect.gen(function*() {
      const began = yield* realNow
      const done = yield* Effect.result(look)
      const isFresh = done._tag === "Success"
      if (!isFresh) yield* Effect.logDebug("the console's look failed", done.failure)
      if ((isFresh && done.success) || isFresh !== fresh) {
        fresh = isFresh
        announce()
      }
      first.openUnsafe()
      const took = (yield* realNow) - began
      yield* RealTime.onRealTime(Effect.sleep(Math.max(lookEveryMs, took * (shareOfTime - 1))))
    })

    const lookWhileWatched = Effect.gen(function*() {
      let lastWatched = yield* realNow
      for (;;) {
        if (watchers > 0) lastWatched = yield* realNow
        else if ((yield* realNow) - lastWatched > lingerMs) break
        yield* watchers > 0 ? pass : RealTime.onRealTime(Effect.sleep(lookEveryMs))
      }
    }).pipe(Effect.ensuring(Effect.sync(() => {
      looking = false
      fresh = false
      first = Latch.makeUnsafe()
      forget()
    })))

    // Only once somebody watches is there a fiber at all.
    const begin = Effect.gen(function*() {
      if (looking) return
      looking = true
      board.hub = (yield* random.uuidV7()).slice(-12)
      yield* Effect.forkIn(lookWhileWatched, scope)
    })

    if (options.sampling) {
      yield* sample.pipe(
        Effect.catch((error) => Effect.logDebug("the live counts were not sampled", error)),
        Effect.andThen(RealTime.onRealTime(Effect.sleep(sampleEveryMs))),
        Effect.forever,
        Effect.forkScoped
      )
    }

    return LiveHub.of({
      board,
      isFresh: () => fresh,
      watchers: () => watchers,
      changed: () => changed,
      watch: Effect.acquireRelease(
        Effect.suspend(() => {
          if (watchers >= watchersMax) return Effect.fail(tooMany())
          watchers += 1
          return Effect.void
        }),
        () =>
          Effect.sync(() => {
            watchers -= 1
          })
      ).pipe(Effect.andThen(begin), Effect.andThen(Effect.suspend(() => first.await)))
    })
  }))
