// The conformance suite of StaffProofs over its Postgres adapter, plain and sealed, each test on a fresh
// database; and the migration that made its tables, with the audit log's chain, on a database in use.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import people from "../../../migrations/0001_create_people.ts"
import settingsAndAudit from "../../../migrations/0002_create_settings_and_audit.ts"
import guardStaff from "../../../migrations/0017_guard_staff.ts"
import { verifyAuditChain } from "../../../src/layers/accounts/audit-chain.postgres.ts"
import * as AccountsPostgres from "../../../src/layers/accounts/accounts.postgres.ts"
import { insertAuditEntry } from "../../../src/layers/accounts/audit-log.postgres.ts"
import * as StaffPostgres from "../../../src/layers/accounts/staff.postgres.ts"
import * as StaffProofsPostgres from "../../../src/layers/accounts/staff-proofs.postgres.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import { idOf, staffId, t0, times } from "../../../testkit/conformance/given.ts"
import { staffProofs } from "../../../testkit/conformance/staff-proofs.ts"
import { sealing } from "../../support/keys.ts"
import { databaseAt, freshDatabase, freshDatabaseUrl } from "../../support/postgres.ts"

const adapters = Layer.mergeAll(
  AccountsPostgres.layer,
  StaffPostgres.layer,
  StaffProofsPostgres.layer
).pipe(Layer.provide(freshDatabase))

staffProofs("postgres", adapters.pipe(Layer.provide(CipherNone.layer)))
staffProofs("postgres, sealed", adapters.pipe(Layer.provide(sealing("k1"))))

const entry = (n: number) => ({
  id: idOf(n),
  staff_id: staffId,
  action: "mitra.rename",
  target_type: "mitra",
  target_id: idOf(0xb1),
  before: { display_name: "Ayu \u{1F331}", list: [1, 2.5, null] },
  after: null,
  peer: "127.0.0.1",
  at: t0 + n
})

const addStaff = Effect.flatMap(
  PgClient.PgClient,
  (sql) =>
    sql`INSERT INTO staff (id, email, password_hash, role, created_at)
    VALUES (${staffId}, 'a@b', 'hash', 'admin', ${timestamp(t0)})`
)

/** As its owner, with the guard switched off: what a thief of the owner's password would do. */
const tamper = Effect.fnUntraced(function*(table: string, statement: string) {
  const sql = yield* PgClient.PgClient
  yield* sql.unsafe(`ALTER TABLE ${table} DISABLE TRIGGER ${table}_append_only`)
  yield* sql.unsafe(statement)
  yield* sql.unsafe(`ALTER TABLE ${table} ENABLE TRIGGER ${table}_append_only`)
})

const chained = (n: number) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    yield* addStaff
    yield* Effect.forEach(times(n), (k) => insertAuditEntry(sql, entry(k + 1)), { concurrency: 8 })
  })

const onFresh = <A, E>(body: Effect.Effect<A, E, PgClient.PgClient | SqlClient.SqlClient>) =>
  Effect.flatMap(freshDatabaseUrl, (url) => Effect.provide(body, databaseAt(url))).pipe(Effect.scoped)

describe("the audit log's chain", () => {
  it.live("holds every entry, whatever order their transactions end in", () =>
    onFresh(Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      yield* chained(20)
      const report = yield* verifyAuditChain(null)
      assert.deepStrictEqual([report.broken, report.head.seq], [null, 20])
      // A change that is taken back leaves no link.
      yield* insertAuditEntry(sql, entry(99)).pipe(
        Effect.andThen(Effect.fail("no")),
        sql.withTransaction,
        Effect.exit
      )
      assert.strictEqual((yield* verifyAuditChain(report.head)).head.seq, 20)
    })))

  it.live("tells an entry that was changed, and one that was taken out with its link", () =>
    onFresh(Effect.gen(function*() {
      yield* chained(5)
      const { head } = yield* verifyAuditChain(null)
      yield* tamper("audit_log", `UPDATE audit_log SET peer = '10.0.0.9' WHERE id = '${idOf(3)}'`)
      assert.match((yield* verifyAuditChain(null)).broken ?? "", /is not what was written/)
      yield* tamper("audit_log", `UPDATE audit_log SET peer = '127.0.0.1' WHERE id = '${idOf(3)}'`)
      assert.isNull((yield* verifyAuditChain(head)).broken)
      const last = `(SELECT entry_id FROM audit_chain WHERE seq = 3)`
      yield* tamper("audit_chain", `CREATE TABLE gone AS SELECT entry_id FROM audit_chain WHERE seq = 3`)
      yield* tamper("audit_chain", `DELETE FROM audit_chain WHERE entry_id = ${last}`)
      assert.strictEqual((yield* verifyAuditChain(null)).broken, "link 3 is missing")
      yield* tamper("audit_log", `DELETE FROM audit_log WHERE id = (SELECT entry_id FROM gone)`)
      assert.strictEqual((yield* verifyAuditChain(null)).broken, "link 3 is missing")
    })))

  it.live("tells by a head of before that its end was cut off, or that it was made anew", () =>
    onFresh(Effect.gen(function*() {
      yield* chained(5)
      const { head } = yield* verifyAuditChain(null)
      yield* tamper("audit_chain", "DELETE FROM audit_chain WHERE seq > 3")
      assert.strictEqual((yield* verifyAuditChain(null)).broken, "2 entries are in no chain")
      assert.strictEqual(
        (yield* verifyAuditChain(head)).broken,
        "the chain ends at 3: it was at 5 already"
      )
      assert.match(
        (yield* verifyAuditChain({ seq: 2, hash: head.hash })).broken ?? "",
        /was made anew/
      )
    })))

  it.live("begins with the entries of before its migration, in their order", () =>
    onFresh(Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      yield* sql`DROP SCHEMA public CASCADE`
      yield* sql`CREATE SCHEMA public`
      yield* people
      yield* settingsAndAudit
      yield* addStaff
      yield* Effect.forEach(times(3), (n) => insertAuditEntry(sql, entry(n + 1)))
      yield* guardStaff
      yield* insertAuditEntry(sql, entry(4))
      const report = yield* verifyAuditChain(null)
      assert.deepStrictEqual([report.broken, report.head.seq], [null, 4])
    })))
})
