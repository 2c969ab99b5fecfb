// `npm run demo`: starts a server on the embedded default, runs the demo's acts against it in a separate
// process, stops the server, and ends with one verdict. With --url it starts nothing and only plays.
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { playOptions, usage } from "./options.mjs"
import { node, startServer } from "./server-process.mjs"
import { watch } from "./watch.mjs"

const playBound = 120_000

/** Set as soon as there is something to stop, whatever happens next. */
const running = { server: null, player: null }
let interrupted = false

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

const verdictOf = async (values, args) => {
  try {
    if (values.watch) return await watch(Number(values.seconds), (handle) => (running.server = handle))
    return await (values.url === undefined ? startAndPlay(crypto.randomUUID(), values.full) : play(args))
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
    if (interrupted) return
    interrupted = true
    console.log("\ninterrupted: stopping what the demo started ...")
    await cleanUp()
    process.exit(130)
  })
}

const args = process.argv.slice(2)
const readArgs = () => {
  try {
    return parseArgs({ args, options: { ...playOptions, help: { type: "boolean", default: false } } }).values
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}
const values = readArgs()
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const { verdict, exitCode } = await verdictOf(values, args)
// After a signal, the handler above has the last word.
if (interrupted) await new Promise(() => {})
if (exitCode !== 0 && running.server !== null) {
  console.log(
    `\nthe server's last log lines:\n${running.server.lines.map((line) => `  | ${line}`).join("\n")}`
  )
}
await cleanUp()
console.log(`\n${verdict}`)
process.exit(exitCode)
