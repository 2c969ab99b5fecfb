// The rows behind the mirror, from the in-memory store: what mirror-rows.postgres.ts reads, by the same
// rules. For simulations, where the mirror itself is real.
import * as Effect from "effect/Effect"
import type { MirrorRow, MirrorRows } from "../../../src/layers/availability/mirror-rows.postgres.ts"
import type { Tables } from "./tables.ts"

/** A push token whose sign-in lives. */
export const hasDevice = (tables: Tables, mitraId: string): boolean =>
  tables.devices.where("person", `mitra:${mitraId}`).some(({ auth_session_id }) =>
    !tables.auth_sessions.where("family", auth_session_id).some(({ revoked_at }) => revoked_at !== null)
  )

const rowOf = (tables: Tables, mitraId: string): MirrorRow | null => {
  const mitra = tables.mitras.get(mitraId)
  const status = tables.mitra_status.get(mitraId)
  if (mitra === undefined) return null
  const offers = tables.chat_request_notifications.where("mitra", mitraId)
  const declines = offers
    .filter((offer) => offer.status === "declined" || offer.ending === "expired")
    .map((offer) => offer.responded_at ?? offer.deadline_at)
  const seen = [status?.last_heartbeat_at, status?.online_since].filter((at) => typeof at === "number")
  return {
    mitra_id: mitraId,
    display_name: mitra.display_name,
    is_active: mitra.is_active,
    is_online: status?.is_online ?? false,
    is_draining: status?.is_draining ?? false,
    has_device: hasDevice(tables, mitraId),
    online_since: status?.online_since ?? null,
    last_offer_at: status?.last_offer_at ?? null,
    seen_at: seen.length === 0 ? null : Math.max(...seen),
    sessions: tables.mitra_slots.where("mitra", mitraId).length,
    languages: mitra.languages,
    topics: mitra.topics,
    open_offers: offers.filter((offer) => offer.status === "pending").length,
    declined_at: declines.length === 0 ? null : Math.max(...declines)
  }
}

const isMirrored = (row: MirrorRow): boolean => row.is_online || !row.is_active || row.sessions > 0

/** Only forwards, and only mitras who are online. */
const record = (tables: Tables, mitraId: string, at: number): boolean => {
  const status = tables.mitra_status.get(mitraId)
  if (status === undefined || !status.is_online || (status.last_heartbeat_at ?? -Infinity) >= at) return false
  tables.mitra_status.set(mitraId, { ...status, last_heartbeat_at: at })
  return true
}

export const mirrorRows = (tables: Tables): MirrorRows => ({
  of: (ids) => Effect.sync(() => ids.flatMap((id) => rowOf(tables, id) ?? [])),
  page: (after, limit) =>
    Effect.sync(() =>
      [...tables.mitras.keys()]
        .filter((id) => after === null || id > after)
        .toSorted()
        .flatMap((id) => rowOf(tables, id) ?? [])
        .filter(isMirrored)
        .slice(0, limit)
    ),
  recordHeartbeats: (times) =>
    Effect.sync(() => times.filter(([mitraId, at]) => record(tables, mitraId, at)).length)
})
