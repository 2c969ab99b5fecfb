// The database a bench runs in: a fresh one on DATABASE_URL's server, or else on an embedded one that is
// as durable as production (fsync on), in a folder that vanishes afterwards.
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import { startEmbeddedPostgres } from "../src/layers/platform/embedded-postgres/embedded-postgres.ts"
import { copyOf, prepareTemplate } from "../testkit/postgres/databases.ts"
import { cpuMsOf } from "./measuring.ts"

/** A server whose user may create databases. */
export const benchServer = Effect.gen(function*() {
  const given = process.env["DATABASE_URL"]
  if (given !== undefined && given !== "") return Redacted.make(given)
  const directory = Fs.mkdtempSync(Path.join(Os.tmpdir(), "halobestie-bench-"))
  const used = new Set([directory])
  const remove = () => used.forEach((path) => Fs.rmSync(path, { recursive: true, force: true }))
  // Registered before the server starts, so it runs after the server has stopped.
  yield* Effect.addFinalizer(() => Effect.sync(remove))
  const started = yield* startEmbeddedPostgres({
    directory,
    settings: { max_connections: "300" },
    log: (line) => console.log(line)
  })
  used.add(started.directory)
  return started.url
})

/** The url of a fresh, migrated database. */
export const benchDatabase = Effect.gen(function*() {
  const url = yield* benchServer
  return yield* copyOf(url, yield* prepareTemplate(url))
})

/** CPU time of this database's server processes so far, in ms; null where it cannot be read. */
export const serverCpuMs = (sql: SqlClient.SqlClient): Effect.Effect<number | null> =>
  sql<{ pid: number }>`SELECT pid FROM pg_stat_activity WHERE datname = current_database()`.pipe(
    Effect.map((rows) => rows.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0)),
    Effect.catchCause(() => Effect.succeed(null))
  )

/** What decides how expensive a COMMIT is. */
export const durability = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ version: string; fsync: string; commit: string }>`SELECT split_part(version(), ' ', 2) AS version,
      current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`,
    ([row]) => `PostgreSQL ${row?.version}, fsync ${row?.fsync}, synchronous_commit ${row?.commit}`
  )
