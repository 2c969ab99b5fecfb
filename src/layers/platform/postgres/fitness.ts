// Whether the database at the other end is one this server can work on, asked once at the start: hosters put
// poolers and standbys behind the same address. What is wrong is refused with its reason.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { firstOf } from "./columns.ts"
import { relied } from "./client.ts"

/** A database that answers and cannot serve. */
export class DatabaseUnfit extends Schema.TaggedError<DatabaseUnfit>()("DatabaseUnfit", {
  message: Schema.String
}) {}

const poolerHint = "Is a pooler like PgBouncer between, in transaction mode or told to ignore start-up " +
  "parameters? This server needs sessions of its own: connect straight to PostgreSQL."

const Session = Schema.Struct({
  is_standby: Schema.Boolean,
  is_read_only: Schema.Boolean,
  encoding: Schema.String,
  connections: Schema.Int,
  settings: Schema.Record(Schema.String, Schema.NullOr(Schema.String))
})
export type Session = typeof Session.Type
const sessionOf = firstOf(Session)
const pidOf = firstOf(Schema.Struct({ pid: Schema.Int }))

type Held = Effect.Success<SqlClient.SqlClient["reserve"]>

const backendOf = (connection: Held) =>
  Effect.map(
    Effect.flatMap(connection.execute("SELECT pg_backend_pid() AS pid", [], undefined), pidOf),
    (answer) => answer?.pid
  )

/**
 * Two connections that are open at once have two sessions and keep them, unless somebody shares them out:
 * then what served the first serves the second once that begins something, and the first goes elsewhere.
 */
const sharesSessions = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const one = yield* sql.reserve
  const other = yield* sql.reserve
  const before = yield* backendOf(one)
  const execute = (statement: string) => other.execute(statement, [], undefined)
  return yield* Effect.acquireUseRelease(
    execute("BEGIN"),
    // Nothing more is asked of the first when its session is taken: it might be the only one.
    () =>
      Effect.flatMap(backendOf(other), (taken) =>
        taken === before
          ? Effect.succeed(true)
          : Effect.map(backendOf(one), (after) => after !== before)),
    () => Effect.ignore(execute("COMMIT"))
  )
}, Effect.scoped)

const lost = (settings: Readonly<Record<string, string | null>>): ReadonlyArray<string> =>
  Object.entries(relied).flatMap(([name, wanted]) =>
    settings[name] === wanted ? [] : [`${name} is ${settings[name] ?? "unknown"} instead of ${wanted}`]
  )

/** Why a database is not fit; null when it is. */
export const reasonAgainst = (session: Session, sharesSessions: boolean): string | null => {
  if (session.is_standby || session.is_read_only) {
    return "The database is read-only, a standby perhaps. This server writes: give it the primary's address."
  }
  if (session.encoding !== "UTF8") {
    return `The database stores text as ${session.encoding}. This server needs UTF8.`
  }
  const missing = lost(session.settings)
  if (missing.length > 0) {
    return `The database's sessions do not keep their settings: ${missing.join(", ")}. ${poolerHint}`
  }
  return sharesSessions ? `Two connections to the database share one session. ${poolerHint}` : null
}

/** The bus listens on one of its own, the cluster's locks and the rest have theirs. */
const connectionsBeside = 3

/** `connections_max`: how many this runner may open. */
export const checkFitness = Effect.fnUntraced(function*(connections_max: number) {
  const sql = yield* SqlClient.SqlClient
  const session = yield* sql`SELECT pg_is_in_recovery() AS is_standby,
      current_setting('transaction_read_only') = 'on' AS is_read_only,
      current_setting('server_encoding') AS encoding,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        AS connections,
      (SELECT json_object_agg(name, setting) FROM pg_settings
        WHERE ${sql.in("name", Object.keys(relied))}) AS settings`.pipe(Effect.flatMap(sessionOf))
  if (session === null) return yield* new DatabaseUnfit({ message: "The database did not say what it is." })
  const reason = reasonAgainst(session, yield* sharesSessions(sql))
  if (reason !== null) return yield* new DatabaseUnfit({ message: reason })
  const needed = connections_max + connectionsBeside
  if (session.connections >= needed) return
  yield* Effect.logWarning(
    `the database allows ${session.connections} connections, this runner alone may open ${needed}: ` +
      "lower DATABASE_POOL_MAX, or allow more"
  )
})
