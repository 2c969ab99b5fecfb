// What the suites of Availability share: mitras as a test wants them, and the questions asked about them.
import * as Effect from "effect/Effect"
import type { Freshness } from "../../src/domain/freshness.ts"
import type { Wanted } from "../../src/domain/matching.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { idOfMitra, MitraRows, type SomeMitra } from "./mitra-rows.ts"

export const now = 1_767_225_600_123
export const rule: Freshness = { now, stale_before: now - 45_000, max_customers: 3 }
type Question = Parameters<Availability["Service"]["candidates"]>[0]
const anything: Wanted = { topic: "regular", language: null }
const fair = { declined_since: null, open_offers_max: 5 }
export const everybody: Question = {
  ...rule,
  ...fair,
  wanted: anything,
  limit: 100,
  exclude: [],
  only: null
}

export const online = (number: number, more: Partial<SomeMitra> = {}): SomeMitra => ({
  id: idOfMitra(number),
  is_active: true,
  online_since: now - 3_600_000,
  last_heartbeat_at: now - 1_000,
  last_offer_at: null,
  sessions: 0,
  ...more
})

export const offline = (number: number, more: Partial<SomeMitra> = {}) =>
  online(number, { online_since: null, ...more })

export const put = (...mitras: ReadonlyArray<SomeMitra>) =>
  Effect.flatMap(MitraRows, (rows) => rows.put(mitras))

export const numbersOf = (ids: ReadonlyArray<string>) => ids.map((id) => Number(id.slice(-12)))

export const candidates = (options: Partial<Question>) =>
  Effect.flatMap(Availability, (port) => port.candidates({ ...everybody, ...options })).pipe(
    Effect.map((found) => numbersOf(found.map((candidate) => candidate.mitra_id)))
  )

export type Suite = (name: string, body: () => Effect.Effect<void, unknown, Availability | MitraRows>) => void
