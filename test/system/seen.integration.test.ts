// What an operator sees of a server: a milestone for each step of a chat and nothing private at any level,
// metrics that Prometheus takes, health in detail, and a log without the lines that mean nothing.
import { execFile, spawnSync } from "node:child_process"
import { readFileSync, readdirSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { startServer, type ServerProcess } from "../support/server-process.ts"

const run = promisify(execFile)
const root = fileURLToPath(new URL("../..", import.meta.url))

/** Everything from now on, not only the last lines. */
const wholeLog = ({ child }: ServerProcess) => {
  const lines: Array<string> = []
  createInterface({ input: child.stdout! }).on("line", (line) => void lines.push(line))
  return lines
}

const playDemo = (server: ServerProcess) =>
  Effect.promise(() =>
    run(process.execPath, [
      "demo/run.mjs",
      "--url",
      server.socketUrl,
      "--webhook-url",
      server.httpUrl,
      "--webhook-token",
      server.webhookToken,
      "--internal-url",
      server.internalUrl
    ], { cwd: root })
  )

/** Everything the demo's people type, from its own script. */
const bodies = (): ReadonlyArray<string> =>
  ["chat.mjs", "end.mjs", "pair.mjs"].filter((file) => readdirSync(`${root}/demo/acts`).includes(file))
    .flatMap((file) =>
      [
        ...readFileSync(`${root}/demo/acts/${file}`, "utf8").matchAll(
          /(?:say|send|goodbye)\([^"\n]*"([^"\n]{8,})"/g
        )
      ]
        .map(([, body = ""]) => body)
    )

const get = (url: string) => Effect.promise(async () => await (await fetch(url)).text())

const milestones = [
  "signed in",
  "connection opened",
  "payment confirmed",
  "session request opened",
  "session offered",
  "session paired",
  "session closing",
  "session completed",
  "connection closed",
  "stopping: not ready any more, draining",
  "drained: everything is closed"
]

const privateTexts: ReadonlyArray<readonly [string, RegExp]> = [
  ["a phone number", /\+62\d{6,}/],
  ["an access token", /eyJ[\w-]{10,}\./],
  ["a refresh token", /"?refresh_token"?[:=]/],
  ["a one-time code", /\bcode: ?'?\d{6}\b/]
]

describe("what an operator sees", { timeout: 180_000 }, () => {
  it.live("is the whole story of a chat and nothing that anybody typed, in log, metrics and health", () =>
    Effect.gen(function*() {
      const server = yield* startServer(yield* freshDatabaseUrl, { LOG_LEVEL: "debug" })
      const lines = wholeLog(server)
      yield* playDemo(server)
      const metrics = yield* get(`${server.internalUrl}/metrics`)
      const health = JSON.parse(yield* get(`${server.internalUrl}/health`))
      assert.strictEqual(yield* server.end("SIGTERM"), 0)
      const log = lines.join("\n")
      for (const milestone of milestones) assert.include(log, milestone)

      // The development's code sender is a phone's stand-in: its one line is the message itself.
      const rest = lines.filter((line) => !line.includes("OTP for")).join("\n")
      for (const [what, pattern] of privateTexts) assert.notMatch(rest, pattern, `the log shows ${what}`)
      const said = bodies()
      assert.isAbove(said.length, 3)
      for (const body of said) assert.notInclude(rest, body)
      // Until the stop: on a busy machine a part that stops may run into its budget, and says so.
      const served = lines.slice(0, lines.findIndex((line) => line.includes("stopping: not ready any more")))
      // The demo also sends a webhook with a wrong token, which is worth a line.
      const unasked = served.filter((line) => !line.includes("a payment webhook came without the token"))
      for (const line of unasked) assert.notMatch(line, / WARN | ERROR /, line)

      for (
        const figure of ["offer_to_screen_ms_count 3", "double_winners 0", "paid_seconds_served_total 12"]
      ) {
        assert.include(metrics, `halobestie_${figure}`)
      }
      assert.notInclude(metrics, "false_offlines_total")
      // 3: it would choose other names (seconds for milliseconds); 1: it cannot read them.
      assert.include([0, 3], spawnSync("promtool", ["check", "metrics"], { input: metrics }).status)
      const states = Object.fromEntries(health.checks.map((check: any) => [check.name, check.state]))
      assert.include(states, {
        postgres: "ok",
        cluster: "ok",
        bus: "ok",
        valkey: "off",
        "sweep/deadlines": "ok"
      })
    }))
})
