// Pages of past sessions in Postgres, both ways: a customer's by the sessions, a mitra's by her time with
// each of them, staff's by everything. Part of
// session-views.postgres.ts and session-oversight.postgres.ts.
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { cursorOf } from "../../domain/page-cursor.ts"
import type { Cipher } from "../../services/encryption/cipher.ts"
import type { SessionOversight } from "../../services/sessions/session-oversight.ts"
import type { PastPage, SessionViews } from "../../services/sessions/session-views.ts"
import { timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { selectSessions, sessionStates } from "./session-rows.postgres.ts"

type Sql = SqlClient.SqlClient

/** Where the page lies and how it is read; `ended_at` and `id` are the columns it goes by. */
const pageOf = (sql: Sql, { after = null, before, limit }: PastPage, columns: readonly [string, string]) => {
  const key = columns.join(", ")
  const text = after ?? before
  const cursor = text === null ? null : cursorOf(text)
  const newest = sql.literal(columns.map((column) => `${column} DESC`).join(", "))
  const oldest = sql.literal(key)
  if (text !== null && cursor === null) return { where: sql`false`, order: newest, limit }
  const at = cursor === null ? null : sql`(${timestamp(cursor.at)}::timestamptz, ${cursor.id}::uuid)`
  const where = at === null
    ? sql`true`
    : after === null
    ? sql`(${sql.literal(key)}) < ${at}`
    : sql`(${sql.literal(key)}) > ${at}`
  return { where, order: after === null ? newest : oldest, limit }
}

const newestFirst = <A>(rows: ReadonlyArray<A>, { after = null }: PastPage): ReadonlyArray<A> =>
  after === null ? rows : rows.toReversed()

const sessionsWhere = (sql: Sql, mine: Fragment, page: PastPage) => {
  const { limit, order, where } = pageOf(sql, page, ["s.ended_at", "s.id"])
  return sql`${selectSessions(sql, { offers: false })}
    WHERE ${mine} AND s.ended_at IS NOT NULL AND ${where} ORDER BY ${order} LIMIT ${limit}`
}

/** Of a mitra who had the same chat twice only the last time counts. */
const assignedTo = (sql: Sql, mitraId: string, page: PastPage) => {
  const { limit, order, where } = pageOf(sql, page, ["mine.ended_at", "mine.session_id"])
  const again = sql`SELECT FROM mitra_assignments later WHERE later.session_id = mine.session_id
    AND later.mitra_id = mine.mitra_id AND later.position > mine.position`
  return sql`${selectSessions(sql, { offers: false })} JOIN mitra_assignments mine ON mine.session_id = s.id
    WHERE mine.mitra_id = ${mitraId} AND mine.ended_at IS NOT NULL AND NOT EXISTS (${again}) AND ${where}
    ORDER BY ${order} LIMIT ${limit}`
}

export const pastOf = (sql: Sql, cipher: Cipher["Service"]): Pick<SessionViews["Service"], "pastOf"> => ({
  pastOf: (side, userId, page) =>
    (side === "customer"
      ? sessionsWhere(sql, sql`s.customer_id = ${userId}`, page)
      : assignedTo(sql, userId, page)).pipe(
        Effect.flatMap(sessionStates(cipher)),
        Effect.map((states) => newestFirst(states, page)),
        answered
      )
})

export const past = (sql: Sql, cipher: Cipher["Service"]): Pick<SessionOversight["Service"], "past"> => ({
  past: (page) =>
    sessionsWhere(sql, sql`true`, page).pipe(
      Effect.flatMap(sessionStates(cipher)),
      Effect.map((states) => newestFirst(states, page)),
      answered
    )
})
