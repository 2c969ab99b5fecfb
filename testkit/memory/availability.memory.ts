// Availability, in memory: answers straight from the tables, like Postgres, without its cost.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Fairness, Freshness } from "../../src/domain/freshness.ts"
import { fits } from "../../src/domain/matching.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import * as MirrorOff from "../../src/layers/availability/mirror/mirror.off.ts"
import { hasDevice } from "./store/mirror-rows.ts"
import { MemoryTables, type MitraRow, type MitraStatusRow, type Tables } from "./store/tables.ts"

interface Online {
  readonly mitra: MitraRow
  readonly status: MitraStatusRow
  readonly sessions: number
  /** Coming online counts as a ping. */
  readonly seen_at: number
  readonly has_device: boolean
}

const seenAt = ({ last_heartbeat_at, online_since }: MitraStatusRow): number =>
  Math.max(last_heartbeat_at ?? 0, online_since ?? 0)

const onlineOf = (tables: Tables): ReadonlyArray<Online> =>
  [...tables.mitra_status.values()].flatMap((status): Array<Online> => {
    const mitra = tables.mitras.get(status.mitra_id)
    if (mitra === undefined || !status.is_online) return []
    const sessions = tables.mitra_slots.where("mitra", status.mitra_id).length
    return [{ mitra, status, sessions, seen_at: seenAt(status), has_device: hasDevice(tables, mitra.id) }]
  })

const isFresh = (online: Online, { background_before, stale_before }: Freshness): boolean =>
  stale_before === null || online.seen_at > stale_before ||
  (background_before !== undefined && online.seen_at > background_before && online.has_device)

const isAvailable = (online: Online, freshness: Freshness): boolean =>
  online.mitra.is_active && !online.status.is_draining && online.sessions < freshness.max_customers &&
  isFresh(online, freshness)

const isFairToAsk = (tables: Tables, mitraId: string, fairness: Fairness): boolean => {
  const offers = tables.chat_request_notifications
  if (offers.where("pending", mitraId).length >= fairness.open_offers_max) return false
  const since = fairness.declined_since
  return since === null ||
    !offers.where("mitra", mitraId).some((offer) =>
      (offer.status === "declined" || offer.ending === "expired") &&
      (offer.responded_at ?? offer.deadline_at) >= since
    )
}

/** Ties are broken by id, which is also what Postgres does with uuids. */
const byId = (a: Online, b: Online): number => a.status.mitra_id < b.status.mitra_id ? -1 : 1

const inOrderOfAsking = (a: Online, b: Online): number =>
  a.sessions - b.sessions ||
  (a.status.last_offer_at ?? 0) - (b.status.last_offer_at ?? 0) ||
  (a.status.online_since ?? 0) - (b.status.online_since ?? 0) ||
  byId(a, b)

const availability = Layer.effect(Availability)(Effect.gen(function*() {
  const tables = yield* MemoryTables
  return {
    heartbeat: (mitraId, at) =>
      Effect.sync(() => {
        const status = tables.mitra_status.get(mitraId)
        if (status === undefined) return "offline"
        if (tables.mitras.get(mitraId)?.is_active !== true) return "deactivated"
        if (!status.is_online) return "offline"
        const last_heartbeat_at = Math.max(status.last_heartbeat_at ?? at, at)
        tables.mitra_status.set(mitraId, { ...status, last_heartbeat_at })
        return "seen"
      }),
    candidates: ({ exclude, limit, only, wanted, ...rule }) =>
      Effect.sync(() => {
        const excluded = new Set(exclude)
        return onlineOf(tables)
          .filter((online) => isAvailable(online, rule))
          .filter(({ mitra }) => fits(mitra, wanted) && isFairToAsk(tables, mitra.id, rule))
          .filter(({ mitra }) => !excluded.has(mitra.id) && (only === null || only === mitra.id))
          .toSorted(inOrderOfAsking)
          .slice(0, Math.max(0, limit))
          .map(({ mitra, sessions }) => ({
            mitra_id: mitra.id,
            mitra_name: mitra.display_name,
            sessions,
            languages: mitra.languages,
            topics: mitra.topics
          }))
      }),
    counts: (freshness) =>
      Effect.sync(() => {
        const online = onlineOf(tables)
        return {
          online: online.length,
          available: online.filter((each) => isAvailable(each, freshness)).length
        }
      }),
    stale: (staleBefore, limit, background_before = staleBefore) =>
      Effect.sync(() =>
        onlineOf(tables)
          .filter((online) =>
            !isFresh(online, { now: 0, max_customers: 0, stale_before: staleBefore, background_before })
          )
          .toSorted((a, b) => a.seen_at - b.seen_at || byId(a, b))
          .slice(0, Math.max(0, limit))
          .map(({ mitra }) => mitra.id)
      ),
    lastHeartbeat: (mitraId) =>
      Effect.sync(() => {
        const status = tables.mitra_status.get(mitraId)
        return status?.is_online === true ? seenAt(status) : null
      }),
    changed: () => Effect.void
  }
}))

export const layer = Layer.merge(availability, MirrorOff.layer)
