// Where an integration run gets its Valkey from: TEST_VALKEY_URL, else Docker, else a server program on
// this machine, which on Debian as root is installed if it is missing. Redis is as good: same protocol.
import { execFile } from "node:child_process"
import * as Effect from "effect/Effect"
import { valkeyOnPath } from "../../simulator/valkey/program.ts"

/** A server that is there, or a program that each test starts for itself. */
export interface FoundValkey {
  readonly url: string | null
  readonly program: string | null
  readonly from: string
}

const image = "valkey/valkey:8-alpine"
const packages = ["valkey-server", "redis-server"]

const run = (command: string, args: ReadonlyArray<string>, within_ms: number) =>
  Effect.callback<string | null>((resume) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    execFile(
      command,
      [...args],
      { timeout: within_ms, env },
      (error, out) => resume(Effect.succeed(error === null ? out : null))
    )
  })

const dockerAnswers = Effect.map(
  run("docker", ["info", "--format", "{{.ServerVersion}}"], 5_000),
  (out) => out !== null && out.trim() !== ""
)

const inDocker = Effect.acquireRelease(
  Effect.promise(async () => {
    const { GenericContainer, Wait } = await import("testcontainers")
    return new GenericContainer(image)
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .withStartupTimeout(120_000)
      .start()
  }),
  (container) => Effect.promise(() => container.stop())
).pipe(Effect.map((container): FoundValkey => ({
  url: `valkey://${container.getHost()}:${container.getMappedPort(6379)}`,
  program: null,
  from: `Docker (${image})`
})))

const onPath = Effect.sync(valkeyOnPath)

/** Debian starts what it installs; the tests start their own, so that one is kept from starting. */
const install = Effect.gen(function*() {
  if (process.getuid?.() !== 0 || (yield* run("apt-get", ["--version"], 5_000)) === null) return
  yield* run("apt-get", ["update"], 120_000)
  for (const name of packages) {
    const args = ["-o", "Dpkg::Options::=--force-confdef", "install", "-y", "--no-install-recommends", name]
    if ((yield* run("apt-get", args, 300_000)) !== null) return
  }
})

export const findValkey = Effect.gen(function*() {
  const given = process.env["TEST_VALKEY_URL"]
  if (given !== undefined && given !== "") {
    return { url: given, program: null, from: "TEST_VALKEY_URL" } satisfies FoundValkey
  }
  if (yield* dockerAnswers) return yield* inDocker
  const there = yield* onPath
  if (there !== null) return { url: null, program: there, from: there } satisfies FoundValkey
  yield* install
  const installed = yield* onPath
  if (installed !== null) {
    return { url: null, program: installed, from: `${installed} (installed just now)` } satisfies FoundValkey
  }
  return yield* Effect.die(
    "No Valkey for the integration tests: set TEST_VALKEY_URL, start Docker, or install valkey-server"
  )
})
