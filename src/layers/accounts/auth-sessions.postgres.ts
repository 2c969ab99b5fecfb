// Refresh token families in Postgres, part of SignIns. A family is revoked as soon as any of its rows is: so
// a rotation that crosses a revocation cannot leave a living row behind, whichever of them commits first.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import {
  exchangesWindowMs,
  exchangeWaitMs,
  rotationOf,
  successorEnd
} from "../../domain/sign-in/refresh-token.ts"
import {
  type AuthSession,
  type Rotation,
  type ShownRow,
  type SignInNotice,
  type SignIns,
  signInsMax
} from "../../services/accounts/sign-ins.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { allOf, firstOf, Millis, timestamp, timestampOrNull } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { makeGroupedRead } from "../platform/postgres/grouped-read.ts"

type RotateOptions = Parameters<SignIns["Service"]["rotate"]>[0]

const presentedOf = firstOf(Schema.Struct({
  id: Schema.String,
  family_id: Schema.String,
  user_type: Schema.Literals(["customer", "mitra", "staff"]),
  user_id: Schema.String,
  expires_at: Millis,
  family_opened_at: Millis,
  rotated_at: Schema.NullOr(Millis),
  successor_is_used: Schema.Boolean,
  family_is_revoked: Schema.Boolean
}))
const successorOf = firstOf(Schema.Struct({
  id: Schema.String,
  refresh_hash: Schema.String,
  created_at: Millis,
  expires_at: Millis
}))
const openSignInsOf = allOf(Schema.Struct({
  family_id: Schema.String,
  opened_at: Millis,
  renewed_at: Millis,
  platform: Schema.NullOr(Schema.Literals(["android", "ios"]))
}))
const familiesOf = allOf(Schema.Struct({ family_id: Schema.String }))
const liveOf = firstOf(Schema.Struct({ is_live: Schema.Boolean, is_first_use: Schema.Boolean }))
const activeOf = firstOf(Schema.Struct({ is_active: Schema.Boolean }))

/**
 * Ends the living rows that match; gives the families that could still have been used at `at`. Rows
 * are locked in id order, so that two revocations of the same rows wait and never deadlock.
 */
const revoke = (sql: SqlClient.SqlClient, matching: Fragment, reason: string, at: number) =>
  sql`WITH doomed AS (
      SELECT id FROM auth_sessions WHERE revoked_at IS NULL AND ${matching} ORDER BY id FOR UPDATE
    ), revoked AS (
      UPDATE auth_sessions SET revoked_at = ${timestamp(at)}, revoked_reason = ${reason}
      FROM doomed WHERE auth_sessions.id = doomed.id
      RETURNING auth_sessions.family_id, auth_sessions.expires_at
    )
    SELECT DISTINCT family_id FROM revoked WHERE expires_at > ${timestamp(at)}::timestamptz`.pipe(
    Effect.flatMap(familiesOf),
    Effect.map((rows) => rows.map((row) => row.family_id))
  )

/** The schema version of the first code that knows pushes about sign-ins. */
const firstWithNotices = 31

interface Insertion {
  readonly revoked_at: number | null
  /** The row it was exchanged for; null for the first of a family. */
  readonly rotated_from: string | null
}

const insert = (sql: SqlClient.SqlClient, session: AuthSession, { revoked_at, rotated_from }: Insertion) =>
  sql`INSERT INTO auth_sessions (id, family_id, user_type, user_id, refresh_hash, created_at, expires_at,
      revoked_at, revoked_reason, rotated_from)
    VALUES (${session.id}, ${session.family_id}, ${session.user_type}, ${session.user_id},
      ${session.refresh_hash}, ${timestamp(session.created_at)}, ${timestamp(session.expires_at)},
      ${timestampOrNull(revoked_at)}, ${revoked_at === null ? null : "deactivated"}, ${rotated_from})
    ON CONFLICT (id) DO NOTHING`

/** Shares the account row with other readers; a deactivation in flight is waited for. */
const isInactiveMitra = (sql: SqlClient.SqlClient, session: AuthSession) =>
  session.user_type === "mitra"
    ? sql`SELECT is_active FROM mitras WHERE id = ${session.user_id} FOR SHARE`.pipe(
      Effect.flatMap(activeOf),
      Effect.map((row) => row?.is_active === false)
    )
    : Effect.succeed(false)

/**
 * For the other phones of this person. Not while a server of before 0031 is at work: staff's calls about
 * pushes would fail there for a row of a kind it does not know. The open apps are told all the same.
 */
const insertNotice = (sql: SqlClient.SqlClient, session: AuthSession, notice: SignInNotice) =>
  sql`INSERT INTO push_outbox (id, user_type, user_id, kind, auth_session_id, created_at, due_at, expires_at)
    SELECT ${session.id}, ${session.user_type}, ${session.user_id}, 'sign_in', ${session.family_id},
      ${timestamp(session.created_at)}, ${timestamp(notice.due_at)}, ${timestamp(notice.expires_at)}
    WHERE EXISTS (SELECT 1 FROM devices WHERE user_type = ${session.user_type}
        AND user_id = ${session.user_id} AND auth_session_id <> ${session.family_id})
      AND NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
        AND application_name ~ '^halobestie(/\\d+)?$'
        AND coalesce(substring(application_name FROM '\\d+$')::int, 0) < ${firstWithNotices})
    ON CONFLICT (id) DO NOTHING`

type OpenOptions = Parameters<SignIns["Service"]["open"]>[1]

/** Most people who come are new and have nothing but this row: no transaction is begun for one statement. */
const isOnlyARow = ({ user_type }: AuthSession, { notice, only_one }: OpenOptions): boolean =>
  user_type === "customer" && !only_one && notice === undefined

const openRow = (sql: SqlClient.SqlClient, session: AuthSession) =>
  insert(sql, session, { revoked_at: null, rotated_from: null }).pipe(
    Effect.as({ revoked_families: [] }),
    answered
  )

const openWithOthers = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(session: AuthSession, options: OpenOptions) {
      const { user_type, user_id, family_id } = session
      if (options.only_one) yield* lockFor(sql, "person", `${user_type}:${user_id}`)
      const inactive = yield* isInactiveMitra(sql, session)
      const others = sql`user_type = ${user_type} AND user_id = ${user_id} AND family_id <> ${family_id}`
      const revoked_families = options.only_one
        ? yield* revoke(sql, others, "replaced", session.created_at)
        : []
      yield* insert(sql, session, { revoked_at: inactive ? session.created_at : null, rotated_from: null })
      if (options.notice !== undefined) yield* insertNotice(sql, session, options.notice)
      return { revoked_families }
    },
    sql.withTransaction,
    answered
  )

const open = (sql: SqlClient.SqlClient): SignIns["Service"]["open"] => {
  const withOthers = openWithOthers(sql)
  return (session, options) =>
    isOnlyARow(session, options) ? openRow(sql, session) : withOthers(session, options)
}

// A row whose successors are not known was rotated by the version before: it is judged by its grace alone.
const present = (sql: SqlClient.SqlClient, refreshHash: string) =>
  sql`SELECT id, family_id, user_type, user_id, expires_at, rotated_at, coalesce((
      SELECT first.created_at FROM auth_sessions AS first WHERE first.id = auth_sessions.family_id
    ), created_at) AS family_opened_at, (
      SELECT coalesce(bool_or(successor.used_at IS NOT NULL OR successor.rotated_at IS NOT NULL), true)
      FROM auth_sessions AS successor
      WHERE successor.family_id = auth_sessions.family_id AND successor.rotated_from = auth_sessions.id
    ) AS successor_is_used, EXISTS (
      SELECT 1 FROM auth_sessions AS member
      WHERE member.family_id = auth_sessions.family_id AND member.revoked_at IS NOT NULL
    ) AS family_is_revoked
    FROM auth_sessions WHERE refresh_hash = ${refreshHash} FOR UPDATE`.pipe(Effect.flatMap(presentedOf))

const latelyOf = firstOf(Schema.Struct({ count: Schema.Int, oldest_at: Schema.NullOr(Millis) }))

const exchangedLately = (sql: SqlClient.SqlClient, familyId: string, now: number) =>
  sql`SELECT count(*)::int AS count, min(created_at) AS oldest_at FROM auth_sessions
    WHERE family_id = ${familyId} AND rotated_from IS NOT NULL
      AND created_at > ${timestamp(now - exchangesWindowMs)}`.pipe(
    Effect.flatMap(latelyOf),
    Effect.map((row) => row ?? { count: 0, oldest_at: null })
  )

const exchange = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function*(options: RotateOptions) {
    const { next, now } = options
    const token = yield* present(sql, options.refresh_hash)
    if (token === null) return { _tag: "Unknown" } satisfies Rotation
    const { id, family_id, user_type, user_id } = token
    const verdict = rotationOf(token, now, options.grace_ms)
    if (verdict === "Reused") return { _tag: "Reused", user_type, user_id, family_id } satisfies Rotation
    if (verdict !== "Rotated") return { _tag: verdict } satisfies Rotation
    // The lock on the row that was shown makes callers with the same token wait for each other here.
    const there = yield* Effect.flatMap(
      sql`SELECT id, refresh_hash, created_at, expires_at FROM auth_sessions
        WHERE refresh_hash = ${next.refresh_hash} AND family_id = ${family_id}`,
      successorOf
    )
    if (there !== null) {
      return { _tag: "Rotated", session: { ...there, family_id, user_type, user_id } } satisfies Rotation
    }
    const retry_after_ms = exchangeWaitMs(yield* exchangedLately(sql, family_id, now), now)
    if (retry_after_ms > 0) return { _tag: "TooOften", family_id, retry_after_ms } satisfies Rotation
    const expires_at = successorEnd(token, next.expires_at)
    const session: AuthSession = { ...next, expires_at, family_id, user_type, user_id, created_at: now }
    yield* sql`UPDATE auth_sessions SET rotated_at = coalesce(rotated_at, ${timestamp(now)}::timestamptz)
      WHERE id = ${id}`
    yield* insert(sql, session, { revoked_at: null, rotated_from: id })
    return { _tag: "Rotated", session } satisfies Rotation
  }, sql.withTransaction)

/** Notes the first use of this row's access token. */
const noteUse = (sql: SqlClient.SqlClient, familyId: string, shown: ShownRow) =>
  answered(sql`UPDATE auth_sessions SET used_at = ${timestamp(shown.at)}
    WHERE id = ${shown.id} AND family_id = ${familyId} AND used_at IS NULL`)

interface LiveAsk {
  readonly id: string
  readonly user_type: string | null
  readonly user_id: string | null
  readonly shown: string | null
}

/**
 * Whether the family is live, and whether the row that is shown is used for the first time. Not asked by
 * EXISTS: Postgres expects a hundred asks of every document, however few come, and for so many it would read
 * the whole table once, so that each phone that connects would cost as much as there are sign-ins.
 */
const makeLiveRead = (sql: SqlClient.SqlClient) =>
  makeGroupedRead<LiveAsk>((asks) =>
    sql`SELECT ask.asked, (SELECT true FROM auth_sessions s WHERE s.family_id = ask.id
          AND (ask.user_type IS NULL OR (s.user_type = ask.user_type AND s.user_id = ask.user_id)) LIMIT 1)
          IS NOT NULL
        AND (SELECT true FROM auth_sessions s WHERE s.family_id = ask.id AND s.revoked_at IS NOT NULL LIMIT 1)
          IS NULL AS is_live,
        (SELECT true FROM auth_sessions s WHERE s.id = ask.shown AND s.family_id = ask.id
          AND s.used_at IS NULL) IS NOT NULL AS is_first_use
      FROM json_to_recordset(${asks}::json)
        AS ask (asked integer, id uuid, user_type text, user_id uuid, shown uuid)`
  )

const isLive = (sql: SqlClient.SqlClient, read: Effect.Success<ReturnType<typeof makeLiveRead>>) =>
  Effect.fnUntraced(function*(
    familyId: string,
    owner?: Pick<AuthSession, "user_type" | "user_id">,
    shown?: ShownRow
  ) {
    const rows = yield* read({
      id: familyId,
      user_type: owner?.user_type ?? null,
      user_id: owner?.user_id ?? null,
      shown: shown?.id ?? null
    })
    const row = yield* liveOf(rows)
    if (shown !== undefined && row?.is_first_use === true) yield* noteUse(sql, familyId, shown)
    return row?.is_live === true
  })

/** One row for each sign-in: its first row says when it was opened, its last one when it was renewed. */
const listOf = (sql: SqlClient.SqlClient): SignIns["Service"]["listOf"] => ({ user_id, user_type }, now) =>
  sql`SELECT family_id, min(created_at) AS opened_at, max(created_at) AS renewed_at, (
      SELECT platform FROM devices WHERE devices.user_type = ${user_type} AND devices.user_id = ${user_id}
        AND auth_session_id = family_id ORDER BY registered_at DESC LIMIT 1
    ) AS platform
    FROM auth_sessions WHERE user_type = ${user_type} AND user_id = ${user_id} AND revoked_at IS NULL
    GROUP BY family_id
    HAVING max(expires_at) > ${timestamp(now)} AND NOT EXISTS (
      SELECT 1 FROM auth_sessions AS member
      WHERE member.family_id = auth_sessions.family_id AND member.revoked_at IS NOT NULL)
    ORDER BY family_id DESC LIMIT ${signInsMax}`.pipe(Effect.flatMap(openSignInsOf), answered)

type Part = Pick<
  SignIns["Service"],
  "open" | "rotate" | "isLive" | "listOf" | "revokeFamily" | "revokeAllOf"
>
const part = (calls: Part): Part => calls

export const makeAuthSessions = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const exchanged = exchange(sql)
  return part({
    open: open(sql),
    // The family is revoked after the exchange let go of its row: two thefts of one family would
    // otherwise wait for each other. Dying in between is harmless, the next use is judged the same.
    rotate: (options) =>
      exchanged(options).pipe(
        Effect.tap((rotation) =>
          rotation._tag === "Reused"
            ? revoke(sql, sql`family_id = ${rotation.family_id}`, "reused", options.now)
            : Effect.void
        ),
        answered
      ),
    isLive: isLive(sql, yield* makeLiveRead(sql)),
    listOf: listOf(sql),
    revokeFamily: (familyId, reason, at) =>
      revoke(sql, sql`family_id = ${familyId}`, reason, at).pipe(Effect.asVoid, answered),
    revokeAllOf: (userType, userId, reason, at) =>
      revoke(sql, sql`user_type = ${userType} AND user_id = ${userId}`, reason, at).pipe(
        Effect.map((families) => families.length),
        answered
      )
  })
})
