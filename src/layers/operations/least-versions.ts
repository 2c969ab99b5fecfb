// The oldest servers we run on, and the check at start: an older one would fail later, in the middle of
// something. PostgreSQL 14 has idle_session_timeout, which the cluster's locks need.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"

export const postgresVersionMin = 14
export const versionsMin = { postgres: "14", valkey: "6.2" } as const

/** 7.2.4 as 70204, so that versions compare as numbers. */
export const versionNumberOf = (version: string): number => {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part) || 0)
  return major * 10_000 + minor * 100 + patch
}

export class ServerTooOld extends Schema.TaggedError<ServerTooOld>()("ServerTooOld", {
  message: Schema.String
}) {}

export const checkPostgresVersion = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ number: number }>`SELECT current_setting('server_version_num')::int AS number`
  const number = row?.number ?? 0
  if (number >= postgresVersionMin * 10_000) return
  return yield* new ServerTooOld({
    message: `PostgreSQL is at version ${Math.floor(number / 10_000)}: ${postgresVersionMin} is the least.`
  })
})
