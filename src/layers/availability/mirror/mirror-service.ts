// The Mirror port over the parts: what staff see and may do, and the write-back of heartbeats.
import * as Effect from "effect/Effect"
import type { Mirror, MirrorDrift, MirrorStatus } from "../../../services/availability/mirror.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { listed, unavailable } from "../../platform/valkey/connection.ts"
import { keys } from "./keys.ts"
import type { MirrorParts } from "./mirror.ts"
import { notShared } from "./sharing.ts"
import * as RealTime from "../../../services/platform/real-time.ts"

const pageRows = 2_000
const pageMembers = 2_000
const statusWithinMs = 5_000

/** Compares what the fixed keys say with the rows, as other tools would see it. */
const measureDrift = Effect.fnUntraced(function*({ membersOf, rows, valkey }: MirrorParts) {
  const online = new Set(yield* membersOf(keys.online))
  const deactivated = new Set(yield* membersOf(keys.deactivated))
  const mirrored = { online: online.size }
  let [after, rowsOnline, drifted]: [string | null, number, number] = [null, 0, 0]
  while (true) {
    const page: Effect.Success<ReturnType<typeof rows.page>> = yield* rows.page(after, pageRows)
    const capacities = page.length === 0
      ? []
      : (yield* listed(valkey.call("MGET", ...page.map((row) => keys.capacity + row.mitra_id)))) as Array<
        string | null
      >
    page.forEach((row, index) => {
      const listed = row.is_online && row.is_active
      if (row.is_online) rowsOnline += 1
      const isOnline = online.delete(row.mitra_id)
      const isDeactivated = deactivated.delete(row.mitra_id)
      if (
        isOnline !== listed || isDeactivated === row.is_active || capacities[index] !== String(row.sessions)
      ) {
        drifted += 1
      }
    })
    if (page.length < pageRows) break
    after = page.at(-1)!.mitra_id
  }
  // The mitras left are in the mirror without a row that says so.
  const drift: MirrorDrift = {
    rows: rowsOnline,
    keys: mirrored.online,
    drifted: drifted + online.size + deactivated.size
  }
  return drift
})

/** Every ping the mirror knows. */
const heartbeatsOf = Effect.fnUntraced(function*({ filledBuckets, valkey }: MirrorParts) {
  const times: Array<readonly [string, number]> = []
  for (const { bucket, kind } of yield* filledBuckets()) {
    if (kind !== "seen") continue
    for (let from = 0;; from += pageMembers) {
      const page = (yield* listed(valkey.call(
        "ZRANGE",
        keys.seen + bucket,
        from,
        from + pageMembers - 1,
        "WITHSCORES"
      ))) as Array<string>
      for (let index = 0; index < page.length; index += 2) times.push([page[index]!, Number(page[index + 1])])
      if (page.length < pageMembers * 2) break
    }
  }
  return times
})

export const mirrorOf = (parts: MirrorParts): Mirror["Service"] => {
  const { breaker, figures, rows, seed, sharing, valkey } = parts
  // A mirror that is down is not asked, and one that failed is no longer believed.
  const reading = <A>(ask: Effect.Effect<A, Unavailable>) => breaker.reading(ask)
  return {
    status: Effect.gen(function*() {
      const { eviction, ...connection } = yield* valkey.state
      const drift = yield* reading(measureDrift(parts)).pipe(
        RealTime.timeoutOrElse({ duration: statusWithinMs, orElse: () => Effect.fail(unavailable) }),
        Effect.catch(() => Effect.succeed(null))
      )
      const warning = connection.connected_since === null ? undefined : eviction?.warning
      const last_error = sharing.isShared() ? warning ?? connection.last_error : notShared
      const status: MirrorStatus = { state: breaker.state(), ...connection, last_error, ...figures, drift }
      return status
    }),
    reseed: breaker.writing(seed),
    writeBackHeartbeats: Effect.gen(function*() {
      const times = yield* reading(heartbeatsOf(parts))
      return { read: times.length, written: yield* rows.recordHeartbeats(times) }
    })
  }
}
