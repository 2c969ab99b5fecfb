// Where an integration run gets its PostgreSQL from. Speed beats durability here: no fsync.
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { startEmbeddedPostgres } from "../../src/layers/platform/embedded-postgres/embedded-postgres.ts"
import { isAlive, otherUsers, runningPostmaster } from "../../src/layers/platform/embedded-postgres/home.ts"

export interface FoundPostgres {
  readonly url: Redacted.Redacted
  readonly from: string
}

const settings = { fsync: "off", full_page_writes: "off", synchronous_commit: "off", max_connections: "300" }
const image = "postgres:17-alpine"
const homes = "/var/tmp"
const prefix = "halobestie-test-"

/** A docker command on the machine does not mean that an engine answers behind it. */
const dockerAnswers = Effect.callback<boolean>((resume) => {
  execFile(
    "docker",
    ["info", "--format", "{{.ServerVersion}}"],
    { timeout: 5_000 },
    (error, out) => resume(Effect.succeed(error === null && out.trim() !== ""))
  )
})

const inDocker = Effect.acquireRelease(
  Effect.tryPromise(async () => {
    const { GenericContainer, Wait } = await import("testcontainers")
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    return new GenericContainer(image)
      .withEnvironment({ POSTGRES_PASSWORD: "test" })
      .withCommand(["postgres", ...flags])
      .withExposedPorts(5432)
      .withTmpFs({ "/var/lib/postgresql/data": "rw" })
      // The image starts its server twice: the first one only prepares the data.
      .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
      .withStartupTimeout(120_000)
      .start()
  }),
  (container) => Effect.promise(() => container.stop())
).pipe(Effect.map((container): FoundPostgres => ({
  url: Redacted.make(
    `postgres://postgres:test@${container.getHost()}:${container.getMappedPort(5432)}/postgres`
  ),
  from: `Docker (${image})`
})))

/** Runs that were killed leave a server and its folder behind; the next run clears them away. */
const clearAbandoned = Effect.sync(() => {
  for (const name of Fs.readdirSync(homes).filter((entry) => entry.startsWith(prefix))) {
    const home = Path.join(homes, name)
    const ours = Fs.lstatSync(home, { throwIfNoEntry: false })?.uid === process.getuid?.()
    const maker = Number(name.slice(prefix.length))
    if (!ours || isAlive(maker) || otherUsers({ users: Path.join(home, "users") }).length > 0) continue
    const postmaster = runningPostmaster(Path.join(home, "data"))
    // Its data is about to go: no reason to let it say goodbye.
    if (postmaster !== null) process.kill(postmaster.pid, "SIGQUIT")
    Fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
})

const embedded = Effect.gen(function*() {
  yield* clearAbandoned
  const directory = Path.join(homes, `${prefix}${process.pid}`)
  yield* Effect.addFinalizer(() => Effect.sync(() => Fs.rmSync(directory, { recursive: true, force: true })))
  const { url } = yield* startEmbeddedPostgres({ directory, settings, log: (line) => console.log(line) })
  return { url, from: "the embedded programs (npm)" } satisfies FoundPostgres
})

export const findPostgres = Effect.gen(function*() {
  const given = process.env["TEST_DATABASE_URL"]
  if (given !== undefined && given !== "") {
    return { url: Redacted.make(given), from: "TEST_DATABASE_URL" } satisfies FoundPostgres
  }
  if (!(yield* dockerAnswers)) return yield* embedded
  // The engine answers, but may not be able to fetch the image.
  return yield* Effect.catch(inDocker, ({ cause }) => {
    console.log(`Docker could not run ${image}: ${cause instanceof Error ? cause.message : String(cause)}`)
    return embedded
  })
})
