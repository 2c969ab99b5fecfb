// Offers that mitras let run out in memory: the same count over the in-memory offers. Part of
// mitras.memory.ts.
import * as Effect from "effect/Effect"
import type { Mitras } from "../../src/services/accounts/mitras.ts"
import type { Tables } from "./store/tables.ts"

const missedInARow = (tables: Tables, mitraId: string, since: number, limit: number): number => {
  const story = tables.chat_request_notifications.where("mitra", mitraId)
    .filter((offer) => offer.sent_at >= since)
    .filter(({ ending, status }) => status === "accepted" || status === "declined" || ending === "expired")
    .toSorted((a, b) => b.sent_at - a.sent_at || (a.session_id < b.session_id ? 1 : -1))
    .slice(0, limit)
  const answered = story.findIndex((offer) => offer.ending !== "expired")
  return answered === -1 ? story.length : answered
}

export const missedOffers = (tables: Tables): Pick<Mitras["Service"], "missedInARow" | "whoMissed"> => ({
  missedInARow: (mitraId, since, limit) => Effect.sync(() => missedInARow(tables, mitraId, since, limit)),
  whoMissed: ({ after, count, limit }) =>
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
})
