// A real server as its own process on a test's database: seeded, on free ports, ready; asked to stop when the
// scope closes. What it logged is part of every failure.
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { type AddressInfo, createServer } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Server } from "./replay.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const cli = (command: string) => [fileURLToPath(new URL("../../src/cli.ts", import.meta.url)), command]
const webhookToken = "golden-webhook-token"
const linesKept = 40

/** Held together, so that they differ. */
const freePorts = async (count: number): Promise<ReadonlyArray<number>> => {
  const servers = await Promise.all(
    Array.from({ length: count }, () =>
      new Promise<ReturnType<typeof createServer>>((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => resolve(server))
      }))
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const stopped = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("close", () => resume(Effect.void))
    child.kill("SIGTERM")
  }).pipe(Effect.timeoutOrElse({
    duration: "30 seconds",
    orElse: () =>
      Effect.sync(() => {
        child.kill("SIGKILL")
      })
  }))

const spawned = (env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, cli("serve"), {
        cwd: root,
        env,
        stdio: ["ignore", "pipe", "pipe"]
      })
      const lines: Array<string> = []
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          lines.push(line)
          if (lines.length > linesKept) lines.shift()
        })
      }
      return { child, lines }
    }),
    ({ child }) => stopped(child)
  )

const whenReady = (httpUrl: string, child: ChildProcess, lines: ReadonlyArray<string>) =>
  Effect.tryPromise(async () => {
    const answer = await fetch(`${httpUrl}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await answer.body?.cancel()
    if (answer.status !== 200) throw new Error(`/readyz says ${answer.status}`)
  }).pipe(
    Effect.retry({ schedule: Schedule.spaced("100 millis"), while: () => child.exitCode === null }),
    Effect.timeout("60 seconds"),
    Effect.mapError((error) => new Error(`the server is not ready: ${error}\n${lines.join("\n")}`))
  )

/** Until the scope closes. */
export const startServer = Effect.fnUntraced(function*(databaseUrl: string) {
  const [publicPort, internalPort, runnerPort] = yield* Effect.promise(() => freePorts(3))
  const env = {
    PATH: process.env["PATH"] ?? "",
    DATABASE_URL: databaseUrl,
    PUBLIC_HOST: "127.0.0.1",
    PUBLIC_PORT: String(publicPort),
    INTERNAL_PORT: String(internalPort),
    RUNNER_PORT: String(runnerPort),
    PAYMENT_WEBHOOK_TOKEN: webhookToken
  }
  yield* Effect.promise(() => promisify(execFile)(process.execPath, cli("seed"), { cwd: root, env }))
  const { child, lines } = yield* spawned(env)
  const httpUrl = `http://127.0.0.1:${publicPort}`
  yield* whenReady(httpUrl, child, lines)
  const server: Server = { httpUrl, socketUrl: `ws://127.0.0.1:${publicPort}/ws`, webhookToken }
  return { ...server, lines }
})
