// Runs the demo's acts against a running server: `node demo/play.mjs --url ws://host:port/ws`. Knows the
// server only through docs/wire.md. Exits 0 when every check held, 1 with the step that did not.
import { understood } from "../testkit/command-line.mjs"
import { chat } from "./acts/chat.mjs"
import { end } from "./acts/end.mjs"
import { catalogue } from "./acts/full/catalogue.mjs"
import { pair } from "./acts/pair.mjs"
import { signIn } from "./acts/sign-in.mjs"
import { makeWorld } from "./clients.mjs"
import { optionsOf, usage } from "./options.mjs"
import { StepFailed, summary } from "./timeline.mjs"

const play = async (world) => {
  for (const act of [signIn, pair, chat, end, ...(world.full ? [catalogue] : [])]) await act(world)
  const served = `the paid ${world.tier.duration_seconds} s served to the millisecond`
  if (world.full) return `full demo ok: ${summary()}: the four acts and the whole catalogue`
  return `demo ok: ${summary()}: two accepts and one winner, a cut connection and nothing lost, ${served}`
}

const failure = (error) => {
  const step = error instanceof StepFailed ? error.step : "play"
  return `demo failed at step "${step}": ${error.message}`
}

const read = (args) => {
  const { server, ...options } = optionsOf(args)
  if (server === null) throw new Error("--url says which server to play against")
  return { ...options, ...server }
}

const world = makeWorld(understood(usage, process.argv.slice(2), read))
const outcome = await play(world).then(
  (verdict) => ({ verdict, exitCode: 0 }),
  (error) => ({ verdict: failure(error), exitCode: 1 })
)
for (const { phone } of world.everybody) phone.hangUp()
// Under run.mjs the verdict is its last line, after the server has stopped.
if (process.send === undefined) console.log(`\n${outcome.verdict}`)
else await new Promise((resolve) => process.send(outcome, resolve))
process.exit(outcome.exitCode)
