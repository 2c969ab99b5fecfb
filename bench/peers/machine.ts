// What all contenders share: one PostgreSQL that is as durable as production, where a Valkey comes from,
// and a prepared database of each contender to copy.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import postgres from "postgres"
import { emptyDatabase } from "../../testkit/postgres/databases.ts"
import { findValkey, type FoundValkey } from "../../test/support/find-valkey.ts"
import { benchServer } from "../postgres.ts"
import { isPostgres, parentOf } from "./accounting.ts"
import type { Contender } from "./contenders.ts"

export interface Machine {
  readonly postgres: Redacted.Redacted
  /** Empty when it runs on another machine: then its CPU is on nobody's bill. */
  readonly postmaster: ReadonlyArray<number>
  readonly valkey: FoundValkey
  /** Contender -> database. */
  readonly templates: ReadonlyMap<string, string>
  /** What a commit costs here. */
  readonly durability: string
}

const lookAt = async (url: string) => {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const [row] = await sql`SELECT pg_backend_pid() AS pid, split_part(version(), ' ', 2) AS version,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`
  const postmaster = isPostgres(row?.["pid"]) ? [parentOf(row?.["pid"])] : []
  await sql.end()
  return {
    postmaster,
    durability: `PostgreSQL ${row?.["version"]}, fsync ${row?.["fsync"]}, synchronous_commit ${
      row?.["commit"]
    }`
  }
}

export const prepareMachine = Effect.fnUntraced(function*(
  contenders: ReadonlyArray<Contender>,
  given: string | null
) {
  const server = given === null ? yield* benchServer : Redacted.make(given)
  const valkey = yield* findValkey
  const templates = new Map<string, string>()
  yield* Effect.forEach(contenders, ({ name, prepare }) =>
    Effect.gen(function*() {
      const url = yield* emptyDatabase(server)
      yield* prepare(Redacted.value(url))
      templates.set(name, new URL(Redacted.value(url)).pathname.slice(1))
    }), { concurrency: "unbounded", discard: true })
  const found = yield* Effect.promise(() => lookAt(Redacted.value(server)))
  return { ...found, postgres: server, valkey, templates } satisfies Machine
})
