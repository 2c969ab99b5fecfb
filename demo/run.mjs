// `npm run demo`: starts a server on the embedded default, runs the demo's acts against it in a separate
// process, stops the server, and ends with one verdict. With --url it starts nothing and only plays.
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { understood } from "../testkit/command-line.mjs"
import { optionsOf, usage } from "./options.mjs"
import { node, startServer } from "./server-process.mjs"
import { watch } from "./watch.mjs"

const playBound = 120_000

/** Set as soon as there is something to stop, whatever happens next. */
const running = { server: null, player: null }
const interrupted = new AbortController()

const play = (args) =>
  new Promise((resolve) => {
    const script = fileURLToPath(new URL("play.mjs", import.meta.url))
    const player = fork(script, args, { execPath: node, timeout: playBound })
    running.player = player
    let outcome = null
    player.once("message", (message) => (outcome = message))
    player.once("close", (code, signal) =>
      resolve(
        outcome ?? { verdict: `demo failed at step "play": it ended with ${signal ?? code}`, exitCode: 1 }
      ))
  })

const startAndPlay = async (webhookToken, full) => {
  console.log("starting a server of our own, on an embedded database ...")
  const server = await startServer(webhookToken, (handle) => (running.server = handle))
  console.log(`the server is ready at ${server.socketUrl}`)
  const outcome = await play([
    "--url",
    server.socketUrl,
    "--webhook-url",
    server.httpUrl,
    "--webhook-token",
    webhookToken,
    "--internal-url",
    server.internalUrl,
    ...(full ? ["--full"] : [])
  ])
  if (server.exit !== null) {
    return { verdict: `${outcome.verdict} (the server had ended: ${server.exit})`, exitCode: 1 }
  }
  if (outcome.exitCode !== 0) return outcome
  console.log("\nstopping the server ...")
  const exit = await server.stop()
  return exit === "exit code 0"
    ? outcome
    : { verdict: `demo failed at step "the server stops": it ended with ${exit}`, exitCode: 1 }
}

const verdictOf = async (options, args) => {
  try {
    if (options.watch) return await watch(options, (handle) => (running.server = handle), interrupted.signal)
    return await (options.server === null ? startAndPlay(crypto.randomUUID(), options.full) : play(args))
  } catch (error) {
    return { verdict: `demo failed at step "start the server": ${error.message}`, exitCode: 1 }
  }
}

const cleanUp = async () => {
  running.player?.kill("SIGTERM")
  await running.server?.stop()
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, async () => {
    if (interrupted.signal.aborted) return
    interrupted.abort()
    console.log("\ninterrupted: stopping what the demo started ...")
    await cleanUp()
    process.exit(130)
  })
}

const args = process.argv.slice(2)
const { verdict, exitCode } = await verdictOf(understood(usage, args, optionsOf), args)
// After a signal, the handler above has the last word.
if (interrupted.signal.aborted) await new Promise(() => {})
if (exitCode !== 0 && running.server !== null) {
  console.log(
    `\nthe server's last log lines:\n${running.server.lines.map((line) => `  | ${line}`).join("\n")}`
  )
}
await cleanUp()
console.log(`\n${verdict}`)
process.exit(exitCode)
