// Devices, part of Accounts, in Postgres: one row per push token, read only through its sign-in.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { signInPushLifeMs } from "../../domain/push.ts"
import type { Accounts, Device, DeviceOwner } from "../../services/accounts/accounts.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

const devicesOf = allOf(Schema.Struct({
  token: Schema.String,
  platform: Schema.Literals(["android", "ios"]),
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Schema.String,
  auth_session_id: Schema.String,
  registered_at: Millis
}))

const ownerOf = firstOf(Schema.Struct({
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Schema.String
}))

const isOf = (sql: SqlClient.SqlClient, owner: DeviceOwner) =>
  sql`devices.user_type = ${owner.user_type} AND devices.user_id = ${owner.user_id}`

/** The same question as SignIns.isLive, for every row at once. */
const isLive = (sql: SqlClient.SqlClient) =>
  sql`EXISTS (SELECT 1 FROM auth_sessions WHERE family_id = devices.auth_session_id) AND NOT EXISTS (
    SELECT 1 FROM auth_sessions WHERE family_id = devices.auth_session_id AND revoked_at IS NOT NULL)`

/** Another sign-in took its place less than a day before `at`: it may still be told so. */
const isReplaced = (sql: SqlClient.SqlClient, at: number) =>
  sql`EXISTS (SELECT 1 FROM auth_sessions WHERE family_id = devices.auth_session_id
    AND revoked_reason = 'replaced' AND revoked_at > ${timestamp(at - signInPushLifeMs)})`

const register = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(device: Device, devicesMax: number) {
      // Two phones of one person at once would each count without the other.
      yield* lockFor(sql, "person", `${device.user_type}:${device.user_id}`)
      const before = yield* Effect.flatMap(
        sql`SELECT user_type, user_id FROM devices WHERE token = ${device.token}
          AND NOT (${isOf(sql, device)}) AND ${isLive(sql)} FOR UPDATE`,
        ownerOf
      )
      yield* sql`INSERT INTO devices (token, platform, user_type, user_id, auth_session_id, registered_at)
        VALUES (${device.token}, ${device.platform}, ${device.user_type}, ${device.user_id},
          ${device.auth_session_id}, ${timestamp(device.registered_at)})
        ON CONFLICT (token) DO UPDATE SET platform = excluded.platform, user_type = excluded.user_type,
          user_id = excluded.user_id, auth_session_id = excluded.auth_session_id,
          registered_at = excluded.registered_at`
      const others = sql`${isOf(sql, device)} AND token <> ${device.token}`
      yield* sql`DELETE FROM devices WHERE ${others} AND NOT (${isLive(sql)})
        AND NOT (${isReplaced(sql, device.registered_at)})`
      yield* sql`DELETE FROM devices WHERE token IN (
        SELECT token FROM devices WHERE ${others}
        ORDER BY registered_at DESC, token OFFSET ${devicesMax - 1})`
      return before
    },
    sql.withTransaction,
    answered
  )

export const devices = (sql: SqlClient.SqlClient): Pick<
  Accounts["Service"],
  "registerDevice" | "dropDevice" | "dropInvalidDevice" | "devicesOf" | "devicesBeside"
> => ({
  registerDevice: register(sql),
  dropDevice: (owner, token) =>
    sql`DELETE FROM devices WHERE ${isOf(sql, owner)} AND token = ${token}`.pipe(Effect.asVoid, answered),
  dropInvalidDevice: (token) => sql`DELETE FROM devices WHERE token = ${token}`.pipe(Effect.asVoid, answered),
  devicesOf: (owner) =>
    sql`SELECT token, platform, user_type, user_id, auth_session_id, registered_at FROM devices
          WHERE ${isOf(sql, owner)} AND ${isLive(sql)} ORDER BY registered_at DESC, token`.pipe(
      Effect.flatMap(devicesOf),
      answered
    ),
  devicesBeside: (owner, familyId) =>
    sql`SELECT token, platform, user_type, user_id, auth_session_id, registered_at FROM devices
          WHERE ${isOf(sql, owner)} AND auth_session_id <> ${familyId}
            AND (${isLive(sql)} OR EXISTS (SELECT 1 FROM auth_sessions AS old, auth_sessions AS new
              WHERE old.family_id = devices.auth_session_id AND old.revoked_reason = 'replaced'
                AND new.id = ${familyId} AND new.created_at = old.revoked_at))
          ORDER BY registered_at DESC, token`.pipe(
      Effect.flatMap(devicesOf),
      answered
    )
})
