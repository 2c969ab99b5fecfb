// Months of the tables in parts, part of PersonalData in Postgres: made, detached and dropped by functions of
// the tables' owner (migration 0027), each in a transaction of its own.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { PersonalData } from "../../services/personal-data/personal-data.ts"
import { firstOf, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient

/** A clock that was moved ahead by years does not make all of them in one pass. */
const madeMax = 24

const countOf = firstOf(Schema.Struct({ count: Schema.Int }))

const counted = (statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
  statement.pipe(Effect.flatMap(countOf), Effect.map((row) => row?.count ?? 0))

export const keepMonths = (sql: Sql): PersonalData["Service"]["keepMonths"] =>
  Effect.fnUntraced(function*(months, now) {
    const detach = (table: string, before: number) =>
      counted(sql`SELECT detach_months(${table}, ${timestamp(before)}, ${timestamp(now)}) AS count`)
    const made = yield* counted(sql`SELECT make_months(${timestamp(months.until)}, ${madeMax}) AS count`)
    let detached = yield* detach("mitra_online_logs", months.online_logs_before)
    detached += yield* detach("webhook_logs", months.webhooks_before)
    if (months.chats_before !== null) {
      detached += yield* detach("messages", months.chats_before)
      detached += yield* detach("session_events", months.chats_before)
    }
    const before = timestamp(months.dropped_before)
    const dropped = yield* counted(sql`SELECT drop_detached_months(${before}) AS count`)
    return { made, detached, dropped }
  }, answered)
