// The operators' own programs against a real server: probes that gate a deploy, a small load with thresholds,
// and what migrate says before it does anything.
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { root } from "../ops/prometheus.ts"
import { databaseAt, emptyDatabaseUrl, freshDatabaseUrl } from "../support/postgres.ts"
import { runCli, startServer } from "../support/server-process.ts"

const run = (script: string, args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number; readonly output: string }>((resume) => {
    execFile(
      process.execPath,
      [script, ...args],
      { cwd: root, timeout: 90_000 },
      (error, out, problems) =>
        resume(Effect.succeed({ code: error === null ? 0 : Number(error.code ?? 1), output: out + problems }))
    )
  })

describe("probe", { timeout: 120_000 }, () => {
  it.live("holds for a server that works, says what it cannot try, and fails for one that is gone", () =>
    Effect.gen(function*() {
      const server = yield* startServer(yield* freshDatabaseUrl)
      const mitra = ["--mitra-phone", "+628110000001", "--mitra-code", "000000"]
      const url = ["--url", server.socketUrl, "--sign-ins", "5"]
      const all = yield* run("ops/probe/probe.mjs", [
        ...url,
        "--webhook-token",
        server.webhookToken,
        ...mitra,
        "--all"
      ])
      // Other tests share this machine: the sign-in's limit is for a quiet one.
      for (const probe of ["webhook", "pairing", "event"]) {
        assert.match(all.output, new RegExp(`ok +${probe} `))
      }
      assert.match(all.output, /(ok|MISS) +sign-in +\d+ ms, the limit is 250 ms/)
      const some = yield* run("ops/probe/probe.mjs", url)
      assert.match(some.output, /ok +webhook/)
      assert.match(some.output, /skip +pairing +needs --webhook-token, --mitra-phone, --mitra-code/)
      yield* server.end("SIGTERM")
      const none = yield* run("ops/probe/probe.mjs", url)
      assert.strictEqual(none.code, 1)
      assert.match(none.output, /MISS +sign-in/)
    }))
})

describe("load", { timeout: 120_000 }, () => {
  it.live("measures every call, judges by its thresholds and writes its page", () =>
    Effect.gen(function*() {
      const server = yield* startServer(yield* freshDatabaseUrl)
      const report = join(mkdtempSync(join(tmpdir(), "load-")), "report.html")
      const { output } = yield* run("ops/load/load.mjs", [
        "--url",
        server.socketUrl,
        "--smoke",
        "--chats",
        "1",
        "--webhook-token",
        server.webhookToken,
        "--admin-email",
        "admin@halobestie.local",
        "--admin-password",
        "development-admin",
        "--mitra-code",
        "000000",
        "--phones",
        "20",
        "--seconds",
        "2",
        "--internal",
        server.internalUrl,
        "--report",
        report
      ])
      assert.match(output, /(ok {2}|MISS) p95_ms/)
      assert.match(output, /ok {3}errors_share +0\.0000/)
      assert.match(output, /20 of 20 phones and 1 chats at the end/)
      const page = readFileSync(report, "utf8")
      for (
        const shown of [
          "halobestie_calls_total",
          "event loop delay",
          "message on the other screen",
          "mitra.heartbeat"
        ]
      ) {
        assert.include(page, shown)
      }
      const wrong = yield* run("ops/load/load.mjs", ["--url", server.socketUrl, "--chats", "1"])
      assert.strictEqual(wrong.code, 2)
      assert.include(wrong.output, "chats need --internal, --webhook-token")
    }))
})

describe("migrate", { timeout: 60_000 }, () => {
  it.live("says what is pending without doing it, and refuses to go backwards in plain words", () =>
    Effect.gen(function*() {
      const url = yield* emptyDatabaseUrl
      const before = yield* runCli("migrate --status", { DATABASE_URL: url })
      assert.strictEqual(before.code, 0, before.output)
      assert.include(before.output, "pending expand 0001_create_people")
      const dry = yield* runCli("migrate --dry-run", { DATABASE_URL: url })
      assert.include(dry.output, "would apply expand 0001_create_people")
      assert.include((yield* runCli("migrate --status", { DATABASE_URL: url })).output, "schema version 0")
      assert.strictEqual((yield* runCli("migrate", { DATABASE_URL: url })).code, 0)
      yield* Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`INSERT INTO schema_migrations (migration_id, name) VALUES (9999, 'of_a_later_version')`
      ).pipe(
        Effect.provide(databaseAt(url, 1))
      )
      for (const command of ["migrate", "migrate --status"]) {
        const { code, output } = yield* runCli(command, { DATABASE_URL: url })
        assert.strictEqual(code, 1)
        assert.include(output, "The database is at schema version 9999")
        assert.include(output, "Nothing was changed")
      }
    }))
})
