// A Valkey (or Redis) process of one's own: empty, on a free port, gone when its scope closes, with the
// faults that only a process can have.
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { Redis } from "ioredis"
import { freePort } from "../../src/layers/platform/free-port.ts"

export interface TestValkey {
  readonly url: string
  /** As kill -9: no goodbye, and nothing is left of the data. */
  readonly kill: Effect.Effect<void>
  readonly start: Effect.Effect<void>
  /** As SIGSTOP: connections stay open and get no answer. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** Everything is gone, and the server goes on as if nothing had been. */
  readonly wipe: Effect.Effect<void>
  /** A command from outside, past the connection under test. */
  readonly command: (name: string, ...args: ReadonlyArray<string | number>) => Effect.Effect<unknown>
}

const ping = (url: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const redis = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: 2_000 })
      redis.on("error", () => {})
      return redis
    }),
    (redis) => Effect.tryPromise(() => redis.connect().then(() => redis.ping())),
    (redis) => Effect.sync(() => redis.disconnect())
  )

const answers = (url: string) =>
  ping(url).pipe(
    Effect.retry(Schedule.spaced("20 millis")),
    Effect.timeout("20 seconds"),
    Effect.orDie,
    Effect.asVoid
  )

/** Commands from outside, on a connection that outlives the server's deaths. */
export const outside = Effect.fnUntraced(function*(url: string) {
  const redis = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const made = new Redis(url, { lazyConnect: true, retryStrategy: () => 50 })
      made.on("error", () => {})
      return made
    }),
    (made) => Effect.sync(() => made.disconnect())
  )
  return (name: string, ...args: ReadonlyArray<string | number>) =>
    Effect.promise(() => redis.call(name, ...args))
})

const exited = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

export const valkeyProgram = Effect.fnUntraced(function*(program: string, more: ReadonlyArray<string> = []) {
  const port = yield* Effect.orDie(freePort)
  const url = `redis://127.0.0.1:${port}`
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "halobestie-valkey-"))
  let child: ChildProcess | null = null
  const signal = (name: NodeJS.Signals) => Effect.sync(() => void child?.kill(name))
  const start = Effect.suspend(() => {
    const args = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
      "--dir",
      folder,
      ...more
    ]
    child = spawn(program, args, { stdio: "ignore" })
    return answers(url)
  })
  const kill = Effect.suspend(() => {
    const killed = child
    if (killed === null) return Effect.void
    killed.kill("SIGKILL")
    return exited(killed)
  })
  yield* Effect.addFinalizer(() =>
    Effect.andThen(kill, Effect.sync(() => Fs.rmSync(folder, { recursive: true })))
  )
  yield* start
  const command = yield* outside(url)
  const made: TestValkey = {
    url,
    kill,
    start,
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    wipe: Effect.asVoid(command("FLUSHALL")),
    command
  }
  return made
})
