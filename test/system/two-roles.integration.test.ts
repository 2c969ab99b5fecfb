// Two database roles from an operator's side: `migrate` as the owner makes the one that serves,
// `audit-verify` finds the log whole, and says so when the owner rewrote it; `doctor` knows the two apart.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { databaseAt, emptyDatabaseUrl } from "../support/postgres.ts"
import { runCli, startServer } from "../support/server-process.ts"
import { signInAdmin } from "./staff.ts"

const asOwner = (url: string, ...statements: ReadonlyArray<string>) =>
  Effect.flatMap(PgClient.PgClient, (sql) => Effect.forEach(statements, (text) => sql.unsafe(text))).pipe(
    Effect.provide(databaseAt(url, 2))
  )

/** Of an empty database: the owner's url, and one with a role that is not there yet. */
const urls = Effect.gen(function*() {
  const owner = yield* emptyDatabaseUrl
  const role = `serving_${new URL(owner).pathname.slice(1)}`
  const serving = new URL(owner)
  serving.username = role
  serving.password = "serves-only"
  yield* Effect.addFinalizer(() =>
    asOwner(owner, `DROP OWNED BY "${role}"`, `DROP ROLE "${role}"`).pipe(Effect.ignore)
  )
  return { owner, role, serving: serving.href }
})

describe("two database roles", () => {
  it.live(
    "are parted by migrate, and the log that one of them cannot rewrite is verified by a command",
    () =>
      Effect.gen(function*() {
        const { owner, role, serving } = yield* urls
        const both = { DATABASE_URL: serving, DATABASE_MIGRATE_URL: owner }
        for (const _ of ["first", "again"]) {
          const { code, output } = yield* runCli("migrate", both)
          assert.strictEqual(code, 0, output)
          assert.include(output, `${role} may read and write rows, and no more`)
        }
        const empty = yield* runCli("audit-verify", both)
        assert.include(empty.output, "the audit log is whole: 0 entries")

        const server = yield* startServer(serving)
        yield* Effect.promise(() => signInAdmin(server))
        const { code, output } = yield* runCli("audit-verify", both)
        assert.strictEqual(code, 0, output)
        const [, head = ""] = /head (\d+:[0-9a-f]{64})/.exec(output) ?? []
        assert.match(head, /^1:/)
        const doctor = yield* runCli("doctor", { ...both, PUBLIC_PORT: "0", INTERNAL_PORT: "0" })
        assert.include(doctor.output, "can only add to the audit log")

        yield* asOwner(
          owner,
          "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only",
          "UPDATE audit_log SET peer = 'nobody'"
        )
        const rewritten = yield* runCli("audit-verify", both)
        assert.strictEqual(rewritten.code, 1)
        assert.include(rewritten.output, "is not what was written")
        const unlike = yield* runCli(`audit-verify --expect 9:${head.slice(2)}`, both)
        assert.strictEqual(unlike.code, 1)
        const asOne = yield* runCli("doctor", { DATABASE_URL: owner, PUBLIC_PORT: "0", INTERNAL_PORT: "0" })
        assert.include(asOne.output, "may rewrite the audit log")
      }).pipe(Effect.scoped),
    120_000
  )
})
