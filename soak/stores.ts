// The soak's real stores: a PostgreSQL of its own that can be restarted, a Valkey of its own with the faults
// of a process, and the books: the database read past every proxy.
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { startEmbeddedPostgres } from "../src/layers/platform/embedded-postgres/embedded-postgres.ts"
import * as Pool from "../src/layers/platform/postgres/client.ts"
import { findValkey } from "../test/support/find-valkey.ts"
import { runCli } from "../test/support/server-process.ts"
import { tcpProxy } from "../test/support/tcp-proxy.ts"
import { valkeyProgram } from "../test/support/valkey-program.ts"

// A killed server loses nothing that it has written; only the machine's own crash is not tried here.
const settings = { fsync: "off", full_page_writes: "off", max_connections: "300" }

/** Runs in a scope of its own, so that closing that scope stops the server and a new one starts it again. */
const makePostgres = Effect.fnUntraced(function*(directory: string) {
  mkdirSync(directory, { recursive: true })
  const start = Effect.gen(function*() {
    const scope = yield* Scope.make()
    const started = yield* startEmbeddedPostgres({ directory, settings, log: () => {} }).pipe(
      Scope.provide(scope)
    )
    return { ...started, scope }
  })
  let running = yield* start
  const stop = Effect.suspend(() => Scope.close(running.scope, Exit.void))
  yield* Effect.addFinalizer(() => stop)
  // On another port each time; the proxies lead there.
  const startAgain = Effect.gen(function*() {
    running = yield* start
    return running.port
  })
  return { url: Redacted.value(running.url), stop, startAgain }
})

// Rows as the driver gives them.
// oxlint-disable-next-line typescript/no-explicit-any
export type Row = any

/** The database as it is, whatever the runners see of it. */
const makeBooks = Effect.fnUntraced(function*(url: string) {
  const pool = Pool.layer({ url: Redacted.make(url), application: "soak", connections_max: 2 })
  const services = yield* Layer.buildWithScope(Layer.orDie(pool), yield* Effect.scope)
  const sql = Context.get(services, PgClient.PgClient)
  return (text: string): Promise<ReadonlyArray<Row>> => Effect.runPromise(sql.unsafe<Row>(text))
})

export const makeStores = Effect.fnUntraced(function*(folder: string) {
  const postgres = yield* makePostgres(join(folder, "postgres"))
  const { code, output } = yield* runCli("migrate", { DATABASE_URL: postgres.url })
  if (code !== 0) return yield* Effect.die(new Error(output))
  const { program } = yield* findValkey
  if (program === null) {
    return yield* Effect.die(new Error("the soak needs valkey-server or redis-server on this machine"))
  }
  const booksProxy = yield* tcpProxy(postgres.url)
  return {
    database: postgres.url,
    stopPostgres: postgres.stop,
    startPostgres: Effect.orDie(Effect.tap(postgres.startAgain, booksProxy.pointTo)),
    valkey: yield* valkeyProgram(program),
    query: yield* makeBooks(booksProxy.url)
  }
})

export type Stores = Effect.Success<ReturnType<typeof makeStores>>
