// The list of mitras in Postgres, by name. Part of oversight.postgres.ts. A part of a name is looked for in
// all names: there are as many as people on the staff's books, not as many as customers.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { MitraFilter, MitraLine, Oversight } from "../../services/oversight/oversight.ts"
import { hasDevice } from "../availability/mirror-rows.postgres.ts"
import { allOf, BigCount, Millis } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

const lines = allOf(Schema.Struct({
  mitra_id: Schema.String,
  display_name: Schema.String,
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  is_draining: Schema.Boolean,
  is_held: Schema.Boolean,
  held_until: Schema.NullOr(Millis),
  online_since: Schema.NullOr(Millis),
  last_heartbeat_at: Schema.NullOr(Millis),
  sessions: BigCount,
  open_offers: BigCount,
  push_reachable: Schema.Boolean,
  owner_runner: Schema.NullOr(Schema.String)
}))

const conditions: Readonly<Record<MitraFilter, string>> = {
  all: "true",
  online: "o.is_online",
  draining: "o.is_draining",
  offline: "m.is_active AND NOT o.is_online",
  inactive: "NOT m.is_active"
}

/** The text itself, where LIKE would read signs. */
export const likeEscaped = (search: string): string => search.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)

const literally = (search: string): string => `%${likeEscaped(search)}%`

export const mitraLines = (sql: SqlClient.SqlClient): Pick<Oversight["Service"], "mitras"> => ({
  mitras: ({ after, filter, limit, search }) =>
    sql`SELECT m.id AS mitra_id, m.display_name, m.is_active, o.is_online, o.online_since,
        o.is_draining, o.is_held, o.held_until, o.last_heartbeat_at, o.owner_runner,
        (SELECT count(*) FROM mitra_slots held WHERE held.mitra_id = m.id) AS sessions,
        (SELECT count(*) FROM chat_request_notifications n
          WHERE n.mitra_id = m.id AND n.status = 'pending') AS open_offers,
        ${sql.literal(hasDevice("m.id"))} AS push_reachable
      FROM mitras m JOIN mitra_status o ON o.mitra_id = m.id
      WHERE ${sql.literal(conditions[filter])}
        ${
      search === null
        ? sql``
        // Capital and small letters are found for each other by the database's language, and by plain ASCII:
        // by Turkish alone I is not the capital of i.
        : sql`AND (m.display_name ILIKE ${literally(search)}
            OR m.display_name COLLATE "C" ILIKE ${literally(search)} OR m.id::text = ${search.toLowerCase()})`
    }
        ${after === null ? sql`` : sql`AND (m.display_name, m.id) > (${after.name}, ${after.id}::uuid)`}
      ORDER BY m.display_name, m.id LIMIT ${limit}`.pipe(
      Effect.flatMap(lines),
      Effect.map((found) =>
        found.map(({ held_until, is_held, ...line }): MitraLine => ({
          ...line,
          hold: is_held ? { until: held_until } : null
        }))
      ),
      answered
    )
})
