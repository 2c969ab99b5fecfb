// The milestone "a backend waits for a lock in this database", which only Postgres itself can tell.
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"

/** Returns when a backend of this database waits for a lock; gives up after 5 s. */
export const somebodyBlocked = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const waiting = yield* sql`SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`
  return waiting.length > 0
}).pipe(
  Effect.repeat({ until: (blocked) => blocked, schedule: Schedule.spaced("5 millis") }),
  Effect.timeout("5 seconds")
)
