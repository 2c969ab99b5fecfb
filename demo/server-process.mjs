// A server of the demo's own: the embedded default, on free ports, with its data in a folder that is
// thrown away. It is started as `npm start` starts it and stopped as an operator stops it.
import { spawn } from "node:child_process"
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
// The pinned Node 24, whatever Node runs this script.
export const node = join(root, "node_modules/.bin/node")

// As `npm start` says it, V8's flags included.
const [, ...startWords] = createRequire(import.meta.url)("../package.json").scripts.start.split(" ")

const readyWithinMs = 120_000
const stopWithinMs = 30_000
const linesKept = 30

/** Ports that are free now, all held at once so that they differ. */
const freePorts = async (count) => {
  const servers = await Promise.all(Array.from({ length: count }, () =>
    new Promise((resolve, reject) => {
      const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => resolve(server))
    })))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Nothing of the caller's environment may change what the demo shows. */
const environment = (ports, folder, webhookToken, extra) => ({
  ...Object.fromEntries(
    ["PATH", "HOME", "USER", "LANG", "TMPDIR"].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]]
    )
  ),
  PUBLIC_HOST: "127.0.0.1",
  PUBLIC_PORT: String(ports[0]),
  INTERNAL_PORT: String(ports[1]),
  RUNNER_PORT: String(ports[2]),
  DATA_DIR: folder,
  PAYMENT_WEBHOOK_TOKEN: webhookToken,
  ...extra
})

const untilReady = async (server) => {
  const deadline = performance.now() + readyWithinMs
  while (performance.now() < deadline) {
    if (server.exit !== null) throw new Error(`the server stopped while starting: ${server.exit}`)
    const answer = await fetch(`${server.httpUrl}/readyz`, { signal: AbortSignal.timeout(2_000) })
      .catch(() => null)
    await answer?.body?.cancel()
    if (answer?.status === 200) return
    await sleep(100)
  }
  throw new Error(`the server was not ready within ${readyWithinMs / 1000} s`)
}

/** Starts and waits until ready. `onSpawn` gets the handle at once, so that Ctrl-C can stop it early. */
export const startServer = async (webhookToken, onSpawn, extra = {}) => {
  const ports = await freePorts(3)
  const folder = await mkdtemp(join(tmpdir(), "halobestie-demo-"))
  // Run by root, the embedded Postgres is another user and must get in.
  await chmod(folder, 0o755)
  const child = spawn(node, startWords, {
    cwd: root,
    env: environment(ports, folder, webhookToken, extra),
    stdio: ["ignore", "pipe", "pipe"]
  })
  const server = {
    httpUrl: `http://127.0.0.1:${ports[0]}`,
    socketUrl: `ws://127.0.0.1:${ports[0]}/ws`,
    internalUrl: `http://127.0.0.1:${ports[1]}`,
    /** The last lines it logged. */
    lines: [],
    /** How it ended: "exit code 0", "SIGKILL"; null while it runs. */
    exit: null,
    stop: () => stop(child, server, folder)
  }
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      server.lines.push(line)
      if (server.lines.length > linesKept) server.lines.shift()
    })
  }
  child.on("error", (error) => (server.exit = error.message))
  child.on("close", (code, signal) => (server.exit ??= signal ?? `exit code ${code}`))
  onSpawn(server)
  await untilReady(server)
  return server
}

/** Asks it to drain, waits bounded, throws its data away. Answers how it ended. */
const stop = async (child, server, folder) => {
  if (server.exit === null) {
    const closed = new Promise((resolve) => child.once("close", resolve))
    child.kill("SIGTERM")
    const stopped = await Promise.race([closed.then(() => true), sleep(stopWithinMs, false, { ref: false })])
    if (!stopped) {
      child.kill("SIGKILL")
      await closed
      server.exit = `killed, it did not stop within ${stopWithinMs / 1000} s of SIGTERM`
    }
  }
  await rm(folder, { recursive: true, force: true })
  return server.exit
}
