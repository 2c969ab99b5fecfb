// Missed offers: pauses mitras who let so many offers in a row run out, each through her own actor, which
// counts once more before it decides. Off unless staff set a number.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Settings } from "../../services/settings/settings.ts"
import { MitraActors } from "../mitra/protocol.ts"
import { countEach, type Sweep } from "./sweep.ts"
import { asSystem } from "../turn-call.ts"
import { rowsPerPass } from "../actor-limits.ts"

/** Many passes long: what an outage made this sweep skip is still found. */
const lookBackMs = 600_000
const rowsMax = 200
const concurrency = 8

export const missedOffers = Effect.fnUntraced(function*(everySeconds: number) {
  const batch = yield* rowsPerPass(rowsMax)
  const mitras = yield* Mitras
  const settings = yield* Settings
  const actors = yield* MitraActors

  const pause = (mitraId: string) =>
    Effect.map(actors.run(mitraId, asSystem({ _tag: "PauseForMissedOffers" })), (reply) => reply.changed)

  const runOnce = Effect.gen(function*() {
    const { mitra_missed_offers_pause: count } = yield* settings.current
    if (count === 0) return { suspects: 0, paused: 0 }
    const after = (yield* Clock.currentTimeMillis) - lookBackMs
    const ids = yield* mitras.whoMissed({ after, count, limit: batch })
    const paused = yield* countEach(ids, { concurrency, failed: "mitra not paused" }, pause)
    return { suspects: ids.length, paused }
  })

  return { name: "missed_offers", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
