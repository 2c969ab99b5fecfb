// The role that serves, on a real Postgres: it does all that a server does, and is refused what would let it
// rewrite the audit log or change a table.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { insertAuditEntry } from "../../../src/layers/accounts/audit-log.postgres.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import { grantServing } from "../../../src/layers/platform/postgres/serving-role.ts"
import { idOf, staffId, t0 } from "../../../testkit/conformance/given.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"
import { startServer } from "../../support/server-process.ts"
import { commandId, customer, mitra, pair, send } from "../../system/people.ts"
import { adminCall, signInAdmin } from "../../system/staff.ts"

const password = "it's a \"password\" \\ with everything"

/** The url of a role of its own for a fresh database; roles are the cluster's, so it goes with the test. */
const served = Effect.gen(function*() {
  const url = yield* freshDatabaseUrl
  const asOwner = <A, E>(body: Effect.Effect<A, E, PgClient.PgClient | SqlClient.SqlClient>) =>
    Effect.provide(body, databaseAt(url, 2))
  const name = `serving_${new URL(url).pathname.slice(1)}`
  const withSql = (text: string) => Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(text))
  yield* Effect.acquireRelease(
    asOwner(grantServing({ name, password })),
    () =>
      asOwner(Effect.andThen(withSql(`DROP OWNED BY "${name}"`), withSql(`DROP ROLE "${name}"`))).pipe(
        Effect.ignore
      )
  )
  const serving = new URL(url)
  serving.username = name
  serving.password = encodeURIComponent(password)
  return { asOwner, name, url: serving.href }
})

const forbidden = [
  "UPDATE audit_log SET peer = ''",
  "DELETE FROM audit_log",
  "TRUNCATE audit_log",
  "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only",
  "DROP TRIGGER audit_log_chained ON audit_log",
  "INSERT INTO audit_chain (seq, entry_id, hash) VALUES (9, gen_random_uuid(), 'x')",
  "DELETE FROM audit_chain",
  "CREATE OR REPLACE FUNCTION chain_audit_entry() RETURNS trigger LANGUAGE sql AS ''",
  "UPDATE schema_migrations SET name = ''",
  "SET session_replication_role = replica",
  "CREATE TABLE mine (id int)",
  "DROP TABLE messages",
  "ALTER TABLE staff ADD COLUMN mine int"
]

describe("the role that serves", () => {
  it.live("adds to the audit log and its chain, and can change neither, nor any table", () =>
    Effect.gen(function*() {
      const { asOwner, name, url } = yield* served
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* sql`INSERT INTO staff (id, email, password_hash, role, created_at)
          VALUES (${staffId}, 'a@b', 'hash', 'admin', ${timestamp(t0)})`
        yield* insertAuditEntry(sql, {
          id: idOf(1),
          staff_id: staffId,
          action: "a",
          target_type: "b",
          target_id: "c",
          before: null,
          after: null,
          peer: "p",
          at: t0
        })
        assert.strictEqual((yield* sql`SELECT * FROM audit_chain`).length, 1)
        for (const statement of forbidden) {
          const exit = yield* Effect.exit(sql.unsafe(statement))
          assert.strictEqual(exit._tag, "Failure", statement)
          assert.match(String(exit), /permission denied|must be owner|AuthorizationError/i, statement)
        }
      }).pipe(Effect.provide(databaseAt(url, 2)))
      assert.isTrue(yield* asOwner(grantServing({ name, password })), "given again after each migration")
    }).pipe(Effect.scoped))

  it.live("is all that a server needs: a paid chat, staff, and their entries", () =>
    Effect.gen(function*() {
      const { url } = yield* served
      const server = yield* startServer(url)
      yield* Effect.promise(async () => {
        const ayu = await mitra(server, 1)
        const sari = await customer(server)
        const session_id = await pair(server, sari, ayu, "chat_5")
        await send(sari, session_id, "hello")
        const token = await signInAdmin(server)
        await adminCall(server, token, "admin.force_close", {
          command_id: commandId(),
          session_id,
          reason: "test"
        })
        const { entries } = await adminCall(server, token, "admin.audit_log", { before: null, limit: 9 })
        assert.includeMembers(entries.map(({ action }: { action: string }) => action), [
          "staff.sign_in",
          "session.force_close"
        ])
      })
    }).pipe(Effect.scoped), 90_000)
})
