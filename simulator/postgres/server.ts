// Where real worlds find their PostgreSQL: the embedded one, started for this process and without any care
// for durability, with a fresh copy of one migrated database for each world.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { startEmbeddedPostgres } from "../../src/layers/platform/embedded-postgres/embedded-postgres.ts"
import { copyOf, prepareTemplate } from "../../testkit/postgres/databases.ts"
import { type RealPostgres, makeRealPostgres } from "./real-postgres.ts"

const settings = { fsync: "off", full_page_writes: "off", synchronous_commit: "off", max_connections: "200" }

export type WorldOptions = Parameters<typeof makeRealPostgres>[1]

/** Gives each caller a database of its own for as long as `use` lasts. */
export const postgresServer = Effect.gen(function*() {
  const { url } = yield* startEmbeddedPostgres({
    directory: `.data/simulate/postgres-${process.pid}`,
    settings,
    log: () => {}
  })
  const template = yield* prepareTemplate(url)
  return <A>(options: WorldOptions, use: (postgres: RealPostgres) => Promise<A>): Promise<A> =>
    Effect.runPromise(Effect.scoped(Effect.gen(function*() {
      const own = yield* copyOf(url, template)
      const postgres = yield* makeRealPostgres(Redacted.value(own), options)
      return yield* Effect.promise(() => use(postgres))
    }) as Effect.Effect<A>))
})
