// What a session's turn must know of a mitra, read just before it: can she be reached, is she gone, may the
// chat be given to her. A socket, a declaration and a heartbeat are three facts; none alone says she left.
import * as Effect from "effect/Effect"
import type { Freshness } from "../../domain/freshness.ts"
import type { RerouteTarget } from "../../domain/session/due.ts"
import type { Absence, SessionState } from "../../domain/session/state.ts"
import type { Settings as Values } from "../../domain/settings.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Trust } from "../../services/trust/trust.ts"
import { Presence } from "../../services/availability/presence.ts"

export const makeMitraFacts = Effect.gen(function*() {
  const availability = yield* Availability
  const mitras = yield* Mitras
  const presence = yield* Presence
  const trust = yield* Trust

  const isConnected = (mitraId: string) => presence.isConnected({ user_type: "mitra", user_id: mitraId })

  const hasFreshHeartbeat = Effect.fnUntraced(function*(mitraId: string, { stale_before }: Freshness) {
    const last = yield* availability.lastHeartbeat(mitraId)
    return last !== null && (stale_before === null || last > stale_before)
  })

  /** A socket is open somewhere, or her app gave a sign of life lately: a phone in the background counts. */
  const isReachable = Effect.fnUntraced(function*(mitraId: string, freshness: Freshness) {
    if (yield* isConnected(mitraId)) return true
    return yield* hasFreshHeartbeat(mitraId, freshness)
  })

  const target = Effect.fnUntraced(function*(customer_id: string, mitraId: string, freshness: Freshness) {
    const mitra = yield* mitras.find(mitraId)
    if (mitra === null) return null
    const found: RerouteTarget = {
      mitra_name: mitra.display_name,
      is_active: mitra.is_active,
      is_draining: mitra.is_draining,
      is_online: mitra.is_online && (yield* hasFreshHeartbeat(mitraId, freshness)),
      is_blocked: yield* trust.isBlocked({ customer_id, mitra_id: mitraId })
    }
    return found
  })

  /**
   * A mitra is gone when she was deactivated, or has been offline for long with no socket open: she may well
   * declare herself offline and finish her chats. Once gone she stays so until she is seen again.
   */
  const absence = Effect.fnUntraced(function*(state: SessionState, values: Values, now: number) {
    const mitra = state.mitra_id === null ? null : yield* mitras.find(state.mitra_id)
    if (mitra === null) return null
    if (!mitra.is_active) return { cause: "mitra_deactivated", since: now } satisfies Absence
    if (mitra.is_online || (yield* isConnected(mitra.id)) === true) return null
    const [last] = yield* mitras.onlineLog(mitra.id, 1)
    const offlineSince = last?.at ?? state.started_at ?? now
    const isLong = now - offlineSince >= values.reroute_propose_after_seconds * 1000
    if (!isLong && state.absence === null) return null
    // A mitra who went offline herself may have gone on chatting: she is absent from when it is noticed.
    return { cause: "mitra_offline", since: last?.cause === "toggle" ? now : offlineSince } satisfies Absence
  })

  return { isReachable, target, absence }
})
