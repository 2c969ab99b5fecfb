// Databases for tests: one template that is migrated once, and quick copies of it that vanish with their
// scope. Names are random, so that several runs may share one server.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { PgClient } from "@effect/sql-pg"
import * as SqlClient from "effect/sql/SqlClient"
import { migrate } from "../../src/layers/platform/postgres/migrations.ts"

/** The same server, another database. */
export const urlOf = (server: Redacted.Redacted, database: string): Redacted.Redacted => {
  const url = new URL(Redacted.value(server))
  url.pathname = `/${database}`
  return Redacted.make(url.toString())
}

/** One statement on the server, outside any test's pool: creating and dropping databases is slow work. */
const administer = (server: Redacted.Redacted, statement: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(statement)
  }).pipe(
    Effect.provide(PgClient.layer({ url: server, maxConnections: 1, applicationName: "test-databases" }))
  )

const newName = (purpose: string) =>
  Effect.sync(() => `halobestie_${purpose}_${crypto.randomUUID().replaceAll("-", "")}`)

const scopedDatabase = (server: Redacted.Redacted, name: string, template: string, words = "") =>
  Effect.acquireRelease(
    administer(server, `CREATE DATABASE ${name} TEMPLATE ${template} ${words}`),
    () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).pipe(Effect.orDie)
  ).pipe(Effect.as(urlOf(server, name)))

/** A fresh database without a table until the scope closes; ordered as a language is, if one is given. */
export const emptyDatabase = Effect.fnUntraced(function*(server: Redacted.Redacted, language?: string) {
  const words = language === undefined ? "" : `LOCALE_PROVIDER icu ICU_LOCALE '${language}' LOCALE 'C'`
  return yield* scopedDatabase(server, yield* newName("template"), "template0", words)
})

/** The migrated database all copies are made of; gives its name. */
export const prepareTemplate = Effect.fnUntraced(function*(server: Redacted.Redacted, language?: string) {
  const url = yield* emptyDatabase(server, language)
  const name = new URL(Redacted.value(url)).pathname.slice(1)
  yield* migrate.pipe(Effect.provide(PgClient.layer({ url, maxConnections: 1 })))
  return name
})

/** A fresh, migrated database until the scope closes. */
export const copyOf = Effect.fnUntraced(function*(server: Redacted.Redacted, template: string) {
  return yield* scopedDatabase(server, yield* newName("test"), template)
})
