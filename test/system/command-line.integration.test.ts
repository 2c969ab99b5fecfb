// The command line as an operator meets it: exit codes a script can rely on, and words that help.
import { createServer } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { runCli } from "../support/server-process.ts"

const takenPort = Effect.acquireRelease(
  Effect.callback<ReturnType<typeof createServer>>((resume) => {
    const server = createServer().listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
).pipe(Effect.map((server) => String((server.address() as { readonly port: number }).port)))

describe("the command line", () => {
  it.live("answers an unknown command with the ones there are", () =>
    Effect.gen(function*() {
      const { code, output } = yield* runCli("frobnicate", {})
      assert.strictEqual(code, 1)
      assert.include(output, "Unknown subcommand \"frobnicate\"")
      for (const command of ["serve", "migrate", "seed", "check-config"]) assert.include(output, command)
    }))

  it.live("prints the effective configuration with secrets hidden", () =>
    Effect.gen(function*() {
      const { code, output } = yield* runCli("check-config", {
        PUBLIC_PORT: "8080",
        ADMIN_PASSWORD: "hunter2-hunter2"
      })
      assert.strictEqual(code, 0)
      assert.include(output, "PUBLIC_PORT=8080")
      assert.include(output, "ADMIN_PASSWORD=(set, hidden)")
      assert.notInclude(output, "hunter2")
    }))

  it.live("migrates and seeds, and does neither twice", () =>
    Effect.gen(function*() {
      const environment = { DATABASE_URL: yield* freshDatabaseUrl }
      const migrated = yield* runCli("migrate", environment)
      assert.strictEqual(migrated.code, 0, migrated.output)
      assert.match(migrated.output, /schema version (\d+) -> \1/)
      const seeded = yield* runCli("seed", environment)
      assert.strictEqual(seeded.code, 0, seeded.output)
      assert.include(seeded.output, "added mitra Ayu +628110000001")
      const again = yield* runCli("seed", environment)
      assert.strictEqual(again.output.trim(), "nothing to add")
    }))

  it.live("says which variable a command needs", () =>
    Effect.gen(function*() {
      for (const command of ["migrate", "seed"]) {
        const { code, output } = yield* runCli(command, {})
        assert.strictEqual(code, 1)
        assert.include(output, "DATABASE_URL is not set")
      }
    }))

  it.live("says in words that the database does not answer, without the password", () =>
    Effect.gen(function*() {
      const port = yield* takenPort.pipe(Effect.scoped)
      const { code, output } = yield* runCli("serve", {
        DATABASE_URL: `postgres://server:hunter2@127.0.0.1:${port}/halobestie`,
        DATABASE_WAIT_SECONDS: "1",
        PUBLIC_PORT: "0",
        INTERNAL_PORT: "0"
      })
      assert.strictEqual(code, 1)
      assert.match(output, /ECONNREFUSED 127\.0\.0\.1:\d+\n.*DATABASE_URL/)
      assert.notInclude(output, "hunter2")
    }))

  it.live("says in words that a port is taken", () =>
    Effect.gen(function*() {
      const port = yield* takenPort
      const { code, output } = yield* runCli("serve", {
        DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing",
        PUBLIC_HOST: "127.0.0.1",
        PUBLIC_PORT: port,
        INTERNAL_PORT: "0"
      })
      assert.strictEqual(code, 1)
      // One line, because it had not begun anything: no database was asked, no cluster joined.
      assert.match(
        output.trim(),
        new RegExp(`^PUBLIC_PORT ${port} is taken: .*127\\.0\\.0\\.1:${port}.*choose another.*$`)
      )
      const twice = yield* runCli("serve", { PUBLIC_PORT: "34567", INTERNAL_PORT: "34567" })
      assert.strictEqual(twice.output.trim(), "PUBLIC_PORT and INTERNAL_PORT cannot both be 34567")
    }))
})
