// Staff at a terminal: calls that sign in by themselves, settings, and what a hand-written POST /rpc is told.
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { runCli, type ServerProcess, startServer } from "../support/server-process.ts"

const demo = fileURLToPath(new URL("../../demo/run.mjs", import.meta.url))

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "halobestie-terminal-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const sent = async ({ internalUrl }: ServerProcess, body: string) => {
  const headers = { "content-type": "application/json" }
  const response = await fetch(`${internalUrl}/rpc`, { method: "POST", headers, body })
  // The wire's JSON as it came.
  // oxlint-disable-next-line typescript/no-explicit-any
  const answer: any = await response.json()
  return { status: response.status, body: answer }
}

/** The demo to be watched, on a server that runs already. */
const watched = ({ internalUrl, socketUrl, webhookToken }: ServerProcess) =>
  Effect.promise(async () => {
    const where = ["--url", socketUrl, "--internal-url", internalUrl, "--webhook-token", webhookToken]
    const words = [demo, "--watch", "--seconds", "3", ...where]
    return (await promisify(execFile)(process.execPath, words, { timeout: 30_000 })).stdout
  })

/** Bodies that are no call, and what is said of each. */
const refused = [
  ["{}", "_tag was nothing; expected Request"],
  ["hello", "not JSON: \"hello\""],
  ["[]", "a batch of 0 messages"],
  ["{\"_tag\":\"Ping\"}", "_tag was \"Ping\"; expected Request"],
  ["{\"_tag\":\"Request\",\"id\":\"1\"}", "tag was nothing; expected the name of a call"]
] as const

const posted = async (server: ServerProcess) => {
  for (const [body, sentence] of refused) {
    const answer = await sent(server, body)
    assert.deepStrictEqual([answer.status, answer.body.code], [400, "BAD_REQUEST"], body)
    assert.include(answer.body.message, sentence)
  }
  const bare = "{\"_tag\":\"Request\",\"id\":\"1\",\"tag\":\"admin.live_counts\"}"
  const answer = await sent(server, bare)
  assert.strictEqual(answer.body[0].exit.cause[0].error.code, "NOT_SIGNED_IN")
}

describe("a terminal", () => {
  it.live(
    "calls as staff, keeps its token to itself, changes settings, watches, and is refused in words",
    () =>
      Effect.gen(function*() {
        const server = yield* Effect.flatMap(freshDatabaseUrl, (url) => startServer(url))
        const DATA_DIR = yield* folder
        const environment = { INTERNAL_PORT: new URL(server.internalUrl).port, DATA_DIR }
        const run = (line: string) => runCli(line, environment)
        const counts = yield* run("call admin.live_counts")
        assert.strictEqual(counts.code, 0, counts.output)
        assert.deepInclude(JSON.parse(counts.output), { online: 0, active: 0 })
        const file = join(DATA_DIR, `staff-token-${environment.INTERNAL_PORT}`)
        assert.strictEqual(statSync(file).mode & 0o777, 0o600)
        const found = yield* run("call admin.mitras search=ayu filter=all")
        assert.lengthOf(JSON.parse(found.output).mitras, 1)
        const set = yield* run("settings set max_customers_per_mitra 5")
        assert.strictEqual(JSON.parse(set.output).settings.max_customers_per_mitra, 5)
        const wrong = yield* run("settings set max_customers_per_mitra 99")
        assert.strictEqual(wrong.code, 1)
        assert.include(wrong.output, "SETTING_INVALID")
        assert.include(wrong.output, "does not accept this value: Expected a value between 1 and 32")
        assert.include((yield* run("settings set customers 5")).output, "There are: max_customers_per_mitra")
        const unknown = yield* run("call admin.counts")
        assert.strictEqual(unknown.code, 1)
        assert.include(unknown.output, "admin.live_counts")
        const evening = yield* watched(server)
        assert.include(evening, `Open  ${server.internalUrl}/`)
        assert.match(evening, /three besties are online\n.*Sari paid Rp [\d.]{5,} and waits[^]*demo ok/)
        assert.notMatch(evening, /starting a server|leaves/)
        yield* Effect.promise(() => posted(server))
        const nobody = yield* runCli("call admin.live_counts", { ...environment, INTERNAL_PORT: "1" })
        assert.include(nobody.output, "Is `npm start` running?")
      }),
    120_000
  )
})
