// Stale heartbeats: mitras whose pings stopped go offline, each by her own actor, which looks once
// more before it decides. Nobody is taken offline when the times could not be read.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Availability } from "../../services/availability.ts"
import { Settings } from "../../services/settings.ts"
import { MitraActors } from "../mitra/protocol.ts"
import type { Sweep } from "./sweep.ts"

const batch = 500
const concurrency = 16

export const staleHeartbeats = Effect.fnUntraced(function*(everySeconds: number) {
  const availability = yield* Availability
  const settings = yield* Settings
  const actors = yield* MitraActors

  const takeOffline = (mitraId: string) =>
    actors.run(mitraId, {
      sender_id: "system",
      command_id: null,
      command: { _tag: "MarkStale" },
      staff: null
    }).pipe(
      Effect.map((reply) => reply.changed ? 1 : 0),
      Effect.catch((error) => Effect.logWarning("stale mitra not taken offline", error).pipe(Effect.as(0)))
    )

  const runOnce = Effect.gen(function*() {
    const values = yield* settings.current
    if (!values.mitra_ping_required) return { stale: 0, offline: 0 }
    const now = yield* Clock.currentTimeMillis
    const ids = yield* availability.stale(now - values.mitra_stale_after_seconds * 1000, batch)
    const changed = yield* Effect.forEach(ids, takeOffline, { concurrency })
    return { stale: ids.length, offline: changed.reduce((sum, one) => sum + one, 0) }
  })

  return { name: "stale_heartbeats", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
