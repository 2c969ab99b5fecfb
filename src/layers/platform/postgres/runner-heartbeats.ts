// The heartbeats of the cluster's runners as they stand in Effect's table, for whoever found one refusing.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** By address; to be compared with what was there before, not with a clock. */
export const runnerHeartbeats = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ address: string; beat: string }>`
    SELECT address, last_heartbeat::text AS beat FROM cluster_runners`
  return new Map(rows.map(({ address, beat }) => [address, beat]))
})
