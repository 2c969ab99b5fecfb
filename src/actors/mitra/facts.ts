// What a mitra's turn must know, read just before it, because it may have changed since a sweep looked: a
// ping or a phone may have come, an offer may be answered, a chat may have begun.
import * as Effect from "effect/Effect"
import { freshness } from "../../domain/freshness.ts"
import type { MitraCommand, MitraFacts, MitraState } from "../../domain/mitra.ts"
import type { Settings as Values } from "../../domain/settings.ts"
import { Accounts } from "../../services/accounts/accounts.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Push } from "../../services/push/push.ts"
import { Settings } from "../../services/settings/settings.ts"
import { Trust } from "../../services/trust/trust.ts"

export const makeMitraTurnFacts = Effect.fnUntraced(function*(mitraId: string) {
  const accounts = yield* Accounts
  const availability = yield* Availability
  const mitras = yield* Mitras
  const push = yield* Push
  const settings = yield* Settings
  const trust = yield* Trust

  const hasMissedTooMany = Effect.fnUntraced(function*({ online_since }: MitraState, count: number) {
    if (count === 0 || online_since === null) return false
    return (yield* mitras.missedInARow(mitraId, online_since, count)) >= count
  })

  /** A phone that a push can reach may be in the background: it is given more time. */
  const isStale = Effect.fnUntraced(function*(values: Values, now: number) {
    const { background_before, stale_before } = freshness(values, now)
    if (stale_before === null) return false
    const last = yield* availability.lastHeartbeat(mitraId)
    if (last === null) return true
    if (last > stale_before) return false
    if (push.provider === "none" || background_before === undefined || last <= background_before) return true
    return (yield* accounts.devicesOf({ user_type: "mitra", user_id: mitraId })).length === 0
  })

  return Effect.fnUntraced(function*(state: MitraState, command: MitraCommand, now: number) {
    const values = yield* settings.current
    const { _tag: tag } = command
    const facts: MitraFacts = {
      now,
      heartbeat_is_stale: tag === "MarkStale" && (yield* isStale(values, now)),
      has_missed_too_many: tag === "PauseForMissedOffers" &&
        (yield* hasMissedTooMany(state, values.mitra_missed_offers_pause)),
      is_paused: (tag === "GoOnline" || tag === "PauseForReports") &&
        (yield* trust.isPaused({ user_type: "mitra", user_id: mitraId })),
      has_no_chat: tag === "FinishDrain" && (yield* mitras.slotsOf(mitraId)).length === 0,
      hold_seconds: values.mitra_hold_seconds
    }
    return facts
  })
})
