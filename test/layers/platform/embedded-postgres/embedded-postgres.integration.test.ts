// The embedded Postgres through everything a development machine does to it: stops, kills, two at once,
// foreign data. Each test has a folder of its own.
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { PgClient } from "@effect/sql-pg"
import { startEmbeddedPostgres } from "../../../../src/layers/platform/embedded-postgres/embedded-postgres.ts"
import { isAlive, runningPostmaster } from "../../../../src/layers/platform/embedded-postgres/home.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const path = Fs.mkdtempSync("/var/tmp/halobestie-embedded-")
    Fs.chmodSync(path, 0o755)
    return path
  }),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

const start = (directory: string) => startEmbeddedPostgres({ directory, log: () => {} })

const run = (url: Redacted.Redacted, statement: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    return yield* sql.unsafe(statement)
  }).pipe(Effect.provide(PgClient.layer({ url, maxConnections: 1 })))

const postmasterOf = (directory: string) =>
  runningPostmaster(Path.join(directory, "data")) ?? assert.fail("no postmaster is running")

interface Holder {
  readonly child: ChildProcess
  readonly said: { readonly port: number; readonly reused: boolean }
}

const script = fileURLToPath(new URL("hold.ts", import.meta.url))

/** Another process that works with the same folder, and has said that it is ready. */
const holder = (directory: string) =>
  Effect.acquireRelease(
    Effect.callback<Holder, Error>((resume) => {
      const child = spawn(process.execPath, [script, directory], { stdio: ["pipe", "pipe", "inherit"] })
      createInterface({ input: child.stdout }).once(
        "line",
        (line) => resume(Effect.succeed({ child, said: JSON.parse(line) }))
      )
      child.once("exit", (code) => resume(Effect.fail(new Error(`the holder ended with ${code}`))))
    }).pipe(Effect.timeout("60 seconds")),
    // Let go in peace, so that it stops the Postgres it holds.
    (held) => end(held, "input ends")
  )

const end = ({ child }: Holder, signal: NodeJS.Signals | "input ends") =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    if (signal === "input ends") child.stdin?.end()
    else child.kill(signal)
  })

const untilDead = Effect.fnUntraced(function*(pid: number) {
  while (isAlive(pid)) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
})

describe("an embedded Postgres", () => {
  it.live("starts from nothing, keeps its data over a stop, and is gone when the scope is closed", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      const first = yield* Effect.scoped(Effect.gen(function*() {
        const { reused, url } = yield* start(directory)
        assert.isFalse(reused)
        yield* run(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        return postmasterOf(directory)
      }))
      assert.isFalse(isAlive(first.pid))
      const { reused, url } = yield* start(directory)
      assert.isFalse(reused)
      assert.deepStrictEqual(yield* run(url, "SELECT answer FROM kept"), [{ answer: 42 }])
    }))

  it.live("listens on the loopback address only, and asks for its password", () =>
    Effect.gen(function*() {
      const { port, url } = yield* start(yield* folder)
      assert.deepStrictEqual(yield* run(url, "SHOW listen_addresses"), [{ listen_addresses: "127.0.0.1" }])
      const wrong = Redacted.make(`postgres://postgres:wrong@127.0.0.1:${port}/postgres`)
      const error = yield* Effect.flip(run(wrong, "SELECT 1"))
      assert.strictEqual(error.reason._tag, "AuthenticationError")
    }))

  it.live("survives the kill of the process that started it and is used again", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      const killed = yield* holder(directory)
      const { pid } = postmasterOf(directory)
      yield* end(killed, "SIGKILL")
      assert.isTrue(isAlive(pid))
      yield* Effect.scoped(Effect.gen(function*() {
        const again = yield* start(directory)
        assert.isTrue(again.reused)
        assert.strictEqual(again.port, killed.said.port)
        assert.deepStrictEqual(yield* run(again.url, "SELECT 1 AS one"), [{ one: 1 }])
      }))
      // The process that used it last stopped it, though another one had started it.
      assert.isFalse(isAlive(pid))
    }))

  it.live("starts over its own remains when it was killed itself", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      const held = yield* holder(directory)
      const { pid } = postmasterOf(directory)
      process.kill(pid, "SIGKILL")
      yield* end(held, "SIGKILL")
      // The kill is on its way; what follows is about a server that is gone.
      yield* untilDead(pid)
      assert.isTrue(Fs.existsSync(Path.join(directory, "data", "postmaster.pid")))
      const { reused, url } = yield* start(directory)
      assert.isFalse(reused)
      assert.deepStrictEqual(yield* run(url, "SELECT 1 AS one"), [{ one: 1 }])
    }))

  it.live("starts over a killed server that is still a zombie, as in containers without an init", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      yield* Effect.scoped(start(directory))
      // Its child ends at once, and sleep never asks for it: a zombie for as long as the parent sleeps.
      const parent = spawn("sh", ["-c", "sh -c 'exit 0' & echo $!; exec sleep 60"], {
        stdio: ["ignore", "pipe", "ignore"]
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => parent.kill("SIGKILL")))
      const pid = yield* Effect.callback<number>((resume) => {
        createInterface({ input: parent.stdout }).once("line", (line) => resume(Effect.succeed(Number(line))))
      })
      const file = Path.join(directory, "data", "postmaster.pid")
      Fs.writeFileSync(file, `${pid}\n${directory}/data\n0\n54321\n\n127.0.0.1\n\nready\n`)
      yield* untilDead(pid)
      const { reused, url } = yield* start(directory)
      assert.isFalse(reused)
      assert.deepStrictEqual(yield* run(url, "SELECT 1 AS one"), [{ one: 1 }])
    }))

  it.live("is shared by two processes and stopped by the one that leaves last", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      const one = yield* holder(directory)
      const two = yield* holder(directory)
      assert.deepStrictEqual(two.said, { port: one.said.port, reused: true })
      const { pid } = postmasterOf(directory)
      yield* end(one, "input ends")
      assert.isTrue(isAlive(pid))
      yield* end(two, "input ends")
      assert.isFalse(isAlive(pid))
    }))

  it.live("does not hear the Ctrl-C that reaches its process: it is in a group of its own", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      yield* holder(directory)
      const { pid } = postmasterOf(directory)
      // Throws unless a process group with Postgres as its leader exists.
      process.kill(-pid, 0)
    }))

  it.live("does not trust a pid file whose number another program has now", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      yield* Effect.scoped(start(directory))
      const file = Path.join(directory, "data", "postmaster.pid")
      Fs.writeFileSync(file, `${process.pid}\n${directory}/data\n0\n54321\n\n127.0.0.1\n\nready\n`)
      const { reused, url } = yield* start(directory)
      assert.isFalse(reused)
      assert.deepStrictEqual(yield* run(url, "SELECT 1 AS one"), [{ one: 1 }])
    }))

  it.live("refuses data of another PostgreSQL version with a sentence that helps", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      yield* Effect.scoped(start(directory))
      Fs.writeFileSync(Path.join(directory, "data", "PG_VERSION"), "16\n")
      const error = yield* Effect.flip(start(directory))
      assert.match(
        error.message,
        /made by PostgreSQL 16, but the installed programs are 17: remove .+ or set/
      )
    }))

  it.live("says what is wrong when it cannot start", () =>
    Effect.gen(function*() {
      const directory = yield* folder
      const error = yield* Effect.flip(
        startEmbeddedPostgres({ directory, settings: { max_connections: "none" }, log: () => {} })
      )
      assert.include(error.message, "PostgreSQL did not start")
      assert.include(error.message, "max_connections")

      Fs.writeFileSync(Path.join(directory, "file"), "")
      const noFolder = yield* Effect.flip(start(Path.join(directory, "file")))
      assert.include(noFolder.message, "Cannot keep PostgreSQL in")
    }))
})
