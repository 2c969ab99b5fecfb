// MissedOffers in memory: the same count over the in-memory offers.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MissedOffers } from "../../src/services/availability/missed-offers.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"

const missedInARow = (tables: Tables, mitraId: string, since: number, limit: number): number => {
  const story = tables.chat_request_notifications.where("mitra", mitraId)
    .filter((offer) => offer.sent_at >= since)
    .filter(({ ending, status }) => status === "accepted" || status === "declined" || ending === "expired")
    .toSorted((a, b) => b.sent_at - a.sent_at || (a.session_id < b.session_id ? 1 : -1))
    .slice(0, limit)
  const answered = story.findIndex((offer) => offer.ending !== "expired")
  return answered === -1 ? story.length : answered
}

export const layer = Layer.effect(MissedOffers)(
  Effect.map(MemoryTables, (tables) =>
    MissedOffers.of({
      inARow: (mitraId, since, limit) => Effect.sync(() => missedInARow(tables, mitraId, since, limit)),
      suspects: ({ after, count, limit }) =>
        Effect.sync(() => {
          const lately = new Set(
            tables.chat_request_notifications.where("status", "ignored")
              .filter((offer) => offer.ending === "expired" && offer.deadline_at > after)
              .map((offer) => offer.mitra_id)
          )
          return [...tables.mitra_status.values()]
            .filter(({ is_online, mitra_id }) => is_online && lately.has(mitra_id))
            .filter((row) => missedInARow(tables, row.mitra_id, row.online_since ?? 0, count) >= count)
            .map((row) => row.mitra_id)
            .toSorted()
            .slice(0, limit)
        })
    }))
)
