// Retention: takes away what nobody may keep or needs: texts of deleted accounts, anonymous accounts nobody
// has come back to, old records and months; and makes the months to come. Every step is bounded; a pass
// that finds more goes on at the next.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import {
  inactiveBefore,
  monthsAt,
  purgedBefore,
  type RecordKind,
  recordKinds,
  unusedBefore
} from "../../domain/retention.ts"
import { PersonalData } from "../../services/personal-data/personal-data.ts"
import { Settings } from "../../services/settings/settings.ts"
import type { Sweep } from "./sweep.ts"

const batch = 1000
/** Of accounts looked at, and of texts erased, in a pass. */
const roundsMax = 10

const hourOf = (now: number): number => Math.floor(now / 3_600_000)

export const retention = Effect.gen(function*() {
  const data = yield* PersonalData
  const settings = yield* Settings
  /** Where the last pass stopped looking through the anonymous accounts. */
  let after: string | null = null
  /** Months are looked after once in each hour of the clock. */
  let hourKept = hourOf(yield* Clock.currentTimeMillis)

  const accounts = Effect.fnUntraced(function*(now: number) {
    const options = {
      unused_before: unusedBefore(now),
      inactive_before: inactiveBefore(yield* settings.current, now)
    }
    const { deleted, inactive, last } = yield* data.anonymous({ ...options, after, limit: batch })
    after = last
    let erased = 0
    for (const user_id of inactive) {
      const ended = yield* data.erase({ user_type: "customer", user_id }, now)
      if (ended._tag === "Erased") erased += 1
    }
    return { unused_deleted: deleted, inactive_erased: erased }
  })

  const texts = Effect.fnUntraced(function*(now: number) {
    let erased = 0
    for (let round = 0; round < roundsMax; round++) {
      const some = yield* data.eraseTexts(batch, now)
      if (some === 0) break
      erased += some
    }
    return erased
  })

  const records = Effect.fnUntraced(function*(kind: RecordKind, before: number) {
    let purged = 0
    for (let round = 0; round < roundsMax; round++) {
      const some = yield* data.purge(kind, before, batch)
      purged += some
      if (some < batch) break
    }
    return purged
  })

  const months = Effect.fnUntraced(function*(now: number) {
    const { detached, dropped, made } = yield* data.keepMonths(monthsAt(yield* settings.current, now), now)
    return { months_made: made, months_detached: detached, months_dropped: dropped }
  })

  const runOnce = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const values = yield* settings.current
    const did: Record<string, number> = { texts: yield* texts(now), ...(yield* accounts(now)) }
    for (const kind of recordKinds) did[kind] = yield* records(kind, purgedBefore(kind, values, now))
    // Last: it may not get its locks, and then the pass has failed and the next one tries again.
    if (hourOf(now) !== hourKept) {
      Object.assign(did, yield* months(now))
      hourKept = hourOf(now)
    }
    if (Object.values(did).some((count) => count > 0)) {
      yield* Effect.logInfo("personal data and old records removed").pipe(Effect.annotateLogs(did))
    }
    return did
  })

  return { name: "retention", every: "60 seconds", runOnce } satisfies Sweep<unknown, never>
})
