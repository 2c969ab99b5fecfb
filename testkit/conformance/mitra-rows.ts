// MitraRows: puts mitras as a test wants them straight into the store, in memory and in Postgres, for
// suites whose port only reads them. The same id again replaces her.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type Profile, usualProfile } from "../../src/domain/matching.ts"
import { MemoryTables } from "../memory/store/tables.ts"
import { timestamp, timestampOrNull } from "../../src/layers/platform/postgres/columns.ts"

export interface SomeMitra {
  readonly id: string
  readonly is_active: boolean
  /** Null: offline. */
  readonly online_since: number | null
  readonly last_heartbeat_at: number | null
  readonly last_offer_at: number | null
  readonly sessions: number
  readonly is_draining?: boolean
  readonly languages?: Profile["languages"]
  readonly topics?: Profile["topics"]
  /** A push can reach her: a phone with a live sign-in ("signed_out": with one that is over). */
  readonly device?: "live" | "signed_out"
  /** What became of the offers she got, oldest first. */
  readonly offers?: ReadonlyArray<SomeOffer>
}

/** `at`: when it was answered or ran out. */
export type SomeOffer =
  | { readonly status: "pending" }
  | { readonly status: "declined" | "missed"; readonly at: number }
  | { readonly status: "ignored"; readonly ending: "expired" | "cancelled"; readonly at: number }

export class MitraRows extends Context.Service<MitraRows, {
  readonly put: (mitras: ReadonlyArray<SomeMitra>) => Effect.Effect<void>
}>()("halobestie/test/MitraRows") {}

export const idOfMitra = (number: number): string =>
  `019b76da-a87b-7000-8000-${String(number).padStart(12, "0")}`
export const nameOf = (id: string): string => `Mitra ${Number(id.slice(-12))}`
const phoneOf = (id: string): string => `+62811${id.slice(-8)}`
const sessionOf = (id: string, slot: number): string =>
  `019b76da-a87b-7000-9${String(slot).padStart(3, "0")}-${id.slice(-12)}`

const offerRow = (id: string, offer: SomeOffer, index: number) => {
  const at = offer.status === "pending" ? 2 : offer.at
  return {
    session_id: sessionOf(id, 100 + index),
    mitra_id: id,
    position: 0,
    status: offer.status,
    ending: offer.status === "pending"
      ? null
      : offer.status === "ignored"
      ? offer.ending
      : offer.status === "missed"
      ? "taken" as const
      : offer.status,
    wave: 1,
    sent_at: 1,
    deadline_at: at,
    responded_at: offer.status === "pending" || offer.status === "ignored" ? null : at,
    sessions_at_offer: 0
  }
}

const familyOf = (id: string): string => `019b76da-a87b-7000-a000-${id.slice(-12)}`
const tokenOf = (id: string): string => `phone of ${id}`

const signIn = (id: string) => ({
  id: familyOf(id),
  family_id: familyOf(id),
  user_type: "mitra" as const,
  user_id: id,
  refresh_hash: `hash of ${id}`,
  created_at: 0,
  expires_at: 1e13,
  rotated_from: null,
  used_at: null,
  rotated_at: null,
  revoked_reason: null
})

const device = (id: string) => ({
  token: tokenOf(id),
  platform: "android" as const,
  user_type: "mitra" as const,
  user_id: id,
  auth_session_id: familyOf(id),
  registered_at: 0
})

export const inMemory = Layer.effect(MitraRows)(Effect.map(MemoryTables, (tables) => ({
  put: (mitras) =>
    Effect.sync(() => {
      for (const mitra of mitras) {
        const { id, is_active, last_heartbeat_at, last_offer_at, offers, online_since, sessions } = mitra
        tables.mitras.set(id, {
          id,
          display_name: nameOf(id),
          phone: phoneOf(id),
          is_active,
          languages: mitra.languages ?? usualProfile.languages,
          topics: mitra.topics ?? usualProfile.topics,
          created_at: 0,
          deactivated_at: is_active ? null : 1
        })
        tables.mitra_status.set(id, {
          mitra_id: id,
          is_online: online_since !== null,
          online_since,
          is_draining: mitra.is_draining ?? false,
          hold: null,
          last_heartbeat_at,
          last_offer_at,
          owner_epoch: 0,
          owner_runner: null
        })
        tables.devices.delete(tokenOf(id))
        tables.auth_sessions.delete(familyOf(id))
        if (mitra.device !== undefined) {
          const revoked_at = mitra.device === "live" ? null : 1
          tables.auth_sessions.set(familyOf(id), { ...signIn(id), revoked_at })
          tables.devices.set(tokenOf(id), device(id))
        }
        for (const [index, offer] of (offers ?? []).entries()) {
          const row = offerRow(id, offer, index)
          tables.chat_request_notifications.set(`${row.session_id}/${id}`, row)
        }
        for (let slot = 0; slot < sessions; slot++) {
          const row = { mitra_id: id, slot, session_id: sessionOf(id, slot), claimed_at: 0 }
          tables.mitra_slots.set(`${id}/${slot}`, row)
        }
      }
    })
})))

export const inPostgres = Layer.effect(MitraRows)(
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    // Slots and offers without the sessions, payments and customers behind them.
    yield* sql`ALTER TABLE mitra_slots DROP CONSTRAINT IF EXISTS mitra_slots_session_id_fkey`
    yield* sql`ALTER TABLE chat_request_notifications
      DROP CONSTRAINT IF EXISTS chat_request_notifications_session_id_fkey`
    const putDevice = Effect.fnUntraced(function*({ device: kind, id }: SomeMitra) {
      yield* sql`DELETE FROM devices WHERE token = ${tokenOf(id)}`
      yield* sql`DELETE FROM auth_sessions WHERE id = ${familyOf(id)}`
      if (kind === undefined) return
      const { created_at, expires_at, refresh_hash } = signIn(id)
      yield* sql`INSERT INTO auth_sessions (id, family_id, user_type, user_id, refresh_hash, created_at,
          expires_at, revoked_at, revoked_reason)
        VALUES (${familyOf(id)}, ${familyOf(id)}, 'mitra', ${id}, ${refresh_hash}, ${timestamp(created_at)},
          ${timestamp(expires_at)}, ${timestampOrNull(kind === "live" ? null : 1)},
          ${kind === "live" ? null : "signed_out"})`
      yield* sql`INSERT INTO devices (token, platform, user_type, user_id, auth_session_id, registered_at)
        VALUES (${tokenOf(id)}, 'android', 'mitra', ${id}, ${familyOf(id)}, ${timestamp(0)})`
    })
    const put = (mitra: SomeMitra) =>
      Effect.gen(function*() {
        const { id } = mitra
        const since = timestampOrNull(mitra.online_since)
        const { languages, topics } = { ...usualProfile, ...mitra }
        yield* sql`INSERT INTO mitras (id, display_name, phone, is_active, created_at, languages, topics)
        VALUES (${id}, ${nameOf(id)}, ${phoneOf(id)}, ${mitra.is_active}, ${timestamp(0)},
          ${languages}::text[], ${topics}::text[])
        ON CONFLICT (id) DO UPDATE SET is_active = excluded.is_active, languages = excluded.languages,
          topics = excluded.topics`
        yield* sql`DELETE FROM mitra_slots WHERE mitra_id = ${id}`
        yield* sql`DELETE FROM chat_request_notifications WHERE mitra_id = ${id}`
        for (const [index, offer] of (mitra.offers ?? []).entries()) {
          const row = offerRow(id, offer, index)
          yield* sql`INSERT INTO chat_request_notifications (session_id, mitra_id, position, status, ending,
            wave, sent_at, deadline_at, responded_at, sessions_at_offer)
          VALUES (${row.session_id}, ${id}, 0, ${row.status}, ${row.ending}, 1, ${timestamp(row.sent_at)},
            ${timestamp(row.deadline_at)}, ${timestampOrNull(row.responded_at)}, 0)`
        }
        yield* sql`DELETE FROM mitra_status WHERE mitra_id = ${id}`
        yield* sql`INSERT INTO mitra_status
          (mitra_id, is_online, online_since, last_heartbeat_at, last_offer_at, is_draining)
        VALUES (${id}, ${since !== null}, ${since}, ${timestampOrNull(mitra.last_heartbeat_at)},
          ${timestampOrNull(mitra.last_offer_at)}, ${mitra.is_draining ?? false})`
        yield* putDevice(mitra)
        for (let slot = 0; slot < mitra.sessions; slot++) {
          yield* sql`INSERT INTO mitra_slots (mitra_id, slot, session_id, claimed_at)
          VALUES (${id}, ${slot}, ${sessionOf(id, slot)}, ${timestamp(0)})`
        }
      })
    return MitraRows.of({
      put: (mitras) => Effect.orDie(sql.withTransaction(Effect.forEach(mitras, put, { discard: true })))
    })
  }).pipe(Effect.orDie)
)
