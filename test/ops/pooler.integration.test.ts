// PgBouncer, the real program from Debian, between a server and its database: our configuration in session
// mode serves a chat, its health and its bus; the same file in transaction mode is refused at the start.
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { program, whenOpen } from "../support/real-program.ts"
import { freePorts, runCli, seedDatabase, startRunner } from "../support/server-process.ts"
import { customer, history, isFact, mitra, pair, send } from "../system/people.ts"

const file = (name: string) => readFileSync(new URL(`../../ops/pooler/${name}`, import.meta.url), "utf8")

/** The file as it is, before this database, on a port of ours and without passwords. */
const pgbouncer = Effect.fnUntraced(function*(database: string, mode: "session" | "transaction") {
  const { hostname, password, pathname, port: at, username } = new URL(database)
  const name = pathname.slice(1)
  const [port] = yield* Effect.promise(() => freePorts(true))
  const folder = mkdtempSync(join(tmpdir(), "pgbouncer-"))
  const config = file("pgbouncer.ini")
    .replace(
      /^halobestie = .*$/m,
      `${name} = host=${hostname} port=${at || 5432} dbname=${name} user=${username} password=${password}`
    )
    .replace("listen_addr = 0.0.0.0", "listen_addr = 127.0.0.1\nunix_socket_dir =")
    .replace("listen_port = 6432", `listen_port = ${port}`)
    .replace("auth_type = scram-sha-256", "auth_type = any")
    .replace(/^auth_file.*$/m, "")
    .replace("pool_mode = session", `pool_mode = ${mode}`)
  const path = join(folder, "pgbouncer.ini")
  writeFileSync(path, config)
  chmodSync(folder, 0o755)
  // It refuses to be root.
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : []
  yield* program("/usr/sbin/pgbouncer", ["-q", ...user, path])
  yield* whenOpen(port)
  return `postgres://${username}@127.0.0.1:${port}/${name}`
})

const settle = Effect.fnUntraced(function*(database: string) {
  const { pathname, username } = new URL(database)
  const statements = file("settings.sql").replaceAll("ROLE halobestie", `ROLE "${username}"`)
    .replaceAll("DATABASE halobestie", `DATABASE "${pathname.slice(1)}"`)
  yield* Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      Effect.forEach(statements.split(";").filter((one) => one.includes("ALTER")), (one) => sql.unsafe(one))
  ).pipe(
    Effect.provide(databaseAt(database, 1))
  )
})

describe("a pooler", { timeout: 120_000 }, () => {
  it.live("in session mode carries everything, and in transaction mode the start is refused, saying so", () =>
    Effect.gen(function*() {
      const database = yield* freshDatabaseUrl
      const pooled = yield* pgbouncer(database, "session")
      const serve = (DATABASE_URL: string) =>
        runCli("serve", { DATABASE_URL, PUBLIC_PORT: "0", INTERNAL_PORT: "0", RUNNER_PORT: "0" })
      const bare = yield* serve(pooled)
      assert.strictEqual(bare.code, 1)
      assert.match(bare.output, /sessions do not keep their settings: .*statement_timeout is 0/)

      yield* settle(database)
      yield* seedDatabase(database)
      const server = yield* startRunner(pooled)
      yield* Effect.promise(async () => {
        const [sari, ayu] = [await customer(server), await mitra(server, 1)]
        const session = await pair(server, sari, ayu, "chat_60")
        await send(sari, session, "through a pooler")
        await ayu.phone.event("the message", isFact("message"), 10_000)
        assert.lengthOf(await history(ayu, session), 1)
        const health = await fetch(`${server.internalUrl}/health`).then((answer) => answer.text())
        assert.notInclude(health, `"down"`)
        for (const { phone } of [sari, ayu]) phone.hangUp()
      })

      const shared = yield* serve(yield* pgbouncer(database, "transaction"))
      assert.strictEqual(shared.code, 1)
      assert.match(shared.output, /in transaction mode/)
    }))
})
