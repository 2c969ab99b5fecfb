// Two hosts whose runners advertise an address that means something else on the other host, as
// 127.0.0.1 does.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import { freshDatabaseUrl } from "../support/postgres.ts"
import {
  freePorts,
  programOf,
  seedDatabase,
  type ServerProcess,
  spawnRunner,
  startRunner
} from "../support/server-process.ts"

const checkout = programOf(fileURLToPath(new URL("../..", import.meta.url)))
const preload = fileURLToPath(new URL("../support/partition.ts", import.meta.url))
const onAnotherHost = { ...checkout, words: ["--import", preload, ...checkout.words] }
/** Far longer than a runner on the same host needs. */
const waitedMs = 15_000
/** It looks twice a second whom it reaches: ten looks once it has found out. */
const watchedMs = 5_000

const readyz = async (server: ServerProcess) => {
  const answer = await fetch(`${server.httpUrl}/readyz`).catch(() => null)
  return answer === null ? { status: "not listening" } : await answer.json() as {
    readonly status: string
    readonly details?: { readonly cluster_isolated?: { readonly own_address: string } }
  }
}

const statesOf = async (server: ServerProcess) => {
  const seen = new Set<string>()
  let end = performance.now() + waitedMs
  while (performance.now() < end) {
    const { status } = await readyz(server)
    if (status === "cluster_isolated" && !seen.has(status)) end = performance.now() + watchedMs
    seen.add(status)
    await new Promise((go) => setTimeout(go, 200))
  }
  return seen
}

describe.concurrent("a runner on another host", () => {
  for (const [which, samePort] of [["a port of its own", false], ["the same port", true]] as const) {
    it.live(`with ${which}, that nobody reaches at its address is not ready`, () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const first = yield* startRunner(url)
        const [publicPort, internalPort, ownPort] = yield* Effect.promise(() => freePorts())
        const runnerPort = samePort ? Number(first.runner.split(":")[1]) : ownPort
        const second = yield* spawnRunner(
          url,
          [publicPort, internalPort, runnerPort],
          { ANOTHER_HOST: "true" },
          onAnotherHost
        )
        const seen = yield* Effect.promise(() => statesOf(second))
        assert.isFalse(seen.has("ready"), [...seen].join())
        assert.isTrue(seen.has("cluster_isolated"), second.lines.join("\n"))
        const said = yield* Effect.promise(() => readyz(second))
        assert.strictEqual(said.details?.cluster_isolated?.own_address, `127.0.0.1:${runnerPort}`)
        assert.strictEqual((yield* Effect.promise(() => readyz(first))).status, "ready")
      }), 90_000)
  }
})
