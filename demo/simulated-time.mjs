// `npm run demo:time`: starts a server on a manual clock, plays an hour of paid chat on it in a second or
// two, prints what the phones saw and when, and stops it. docs/testing-with-simulated-time.md.
import { flagsOf, understood } from "../testkit/command-line.mjs"
import { runHour } from "./hour.mjs"
import { startServer } from "./server-process.mjs"

const usage =
  `npm run demo:time    an hour of paid chat on a server of its own, whose clock is moved; takes no flags
The same clock in a browser: CLOCK=simulated npm start, then the console's address.`
understood(usage, process.argv.slice(2), (args) => flagsOf(args, {}))

const clockTime = (instant) => instant.slice(11, 23)
const minutes = (ms) => `${(ms / 60_000).toFixed(1)} min`

const print = ({ ayu, real_ms, sari, started_at, virtual_ms }) => {
  console.log(`\n${"the server's time".padEnd(20)}${"into the chat".padEnd(16)}${"Sari".padEnd(44)}Ayu`)
  const rows = new Map()
  for (const [who, { events }] of [["sari", sari], ["ayu", ayu]]) {
    for (const { at, what } of events) {
      const row = rows.get(at) ?? { sari: [], ayu: [] }
      row[who].push(what)
      rows.set(at, row)
    }
  }
  for (const [at, row] of [...rows].toSorted(([one], [other]) => one < other ? -1 : 1)) {
    const into = minutes(Date.parse(at) - Date.parse(started_at))
    console.log(
      `${clockTime(at).padEnd(20)}${into.padEnd(16)}${row.sari.join(", ").padEnd(44)}${row.ayu.join(", ")}`
    )
  }
  console.log(`\n${sari.ticks} ticks of the clock to Sari, ${ayu.ticks} to Ayu`)
  console.log(`${minutes(virtual_ms)} of the product's time in ${(real_ms / 1000).toFixed(2)} s of ours`)
}

const webhookToken = crypto.randomUUID()
let server = null
const stop = async () => (server === null ? null : await server.stop())
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    await stop()
    process.exit(130)
  })
}

const play = async () => {
  console.log("starting a server on a manual clock, on an embedded database ...")
  await startServer(webhookToken, (handle) => (server = handle), { CLOCK: "simulated" })
  const hour = await runHour({
    url: server.socketUrl,
    webhookUrl: server.httpUrl,
    webhookToken,
    otpCode: "000000",
    internalUrl: server.internalUrl,
    account: { email: "admin@halobestie.local", password: "development-admin" }
  })
  print(hour)
}

const failed = await play().then(() => null, (error) => error)
if (failed !== null) console.error(`\nthe demo failed: ${failed.message}\n${server?.lines.join("\n") ?? ""}`)
const exit = await stop()
if (failed === null) console.log(`the server stopped: ${exit}`)
process.exit(failed === null && exit === "exit code 0" ? 0 : 1)
