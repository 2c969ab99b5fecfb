// Stale heartbeats: mitras whose pings stopped go offline, each by her own actor, which looks once more
// before it decides. When the times cannot be known the whole pass is given up: no mitra is taken offline
// on a guess, and a server that was away has to listen for a while before it calls a mitra silent.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { backgroundGraceMs } from "../../domain/freshness.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Push } from "../../services/push/push.ts"
import { Settings } from "../../services/settings/settings.ts"
import { MitraActors } from "../mitra/protocol.ts"
import type { PassResult } from "./milestones.ts"
import { countEach, type Sweep } from "./sweep.ts"
import { asSystem } from "../turn-call.ts"
import { rowsPerPass } from "../actor-limits.ts"

const rowsMax = 500
const concurrency = 16

const aborted = (reason: string, log: typeof Effect.logInfo = Effect.logInfo) =>
  log("auto-offline given up for now: nobody is taken offline").pipe(
    Effect.annotateLogs({ reason }),
    Effect.as({ stale: 0, offline: 0, aborted: reason })
  )

export const staleHeartbeats = Effect.fnUntraced(function*(everySeconds: number) {
  const batch = yield* rowsPerPass(rowsMax)
  const availability = yield* Availability
  const settings = yield* Settings
  const actors = yield* MitraActors
  const push = yield* Push
  // Of this runner's sweep, not of its singleton: built with the server.
  const listeningSince = yield* Clock.currentTimeMillis

  const takeOffline = (mitraId: string) =>
    Effect.map(actors.run(mitraId, asSystem({ _tag: "MarkStale" })), (reply) => reply.changed)

  const runOnce = Effect.gen(function*() {
    const values = yield* settings.current
    if (!values.mitra_ping_required) return { stale: 0, offline: 0 }
    const staleBefore = (yield* Clock.currentTimeMillis) - values.mitra_stale_after_seconds * 1000
    // Where no push is ever sent, a phone in the background hears of nothing.
    const background = push.provider === "none" ? staleBefore : staleBefore - backgroundGraceMs(values)
    if (listeningSince > staleBefore) return yield* aborted("listening for too short a time", Effect.logDebug)
    const did: Effect.Effect<PassResult> = availability.stale(staleBefore, batch, background).pipe(
      Effect.flatMap((ids) =>
        Effect.map(
          countEach(ids, { concurrency, failed: "stale mitra not taken offline" }, takeOffline),
          (offline) => ({ stale: ids.length, offline })
        )
      ),
      Effect.catch((error) => aborted(`${error.what} does not know who is silent`))
    )
    return yield* did
  })

  return { name: "stale_heartbeats", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<
    unknown,
    never
  >
})
