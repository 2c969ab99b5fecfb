// `npm run load -- --url ws://host/ws`: a scenario of arrivals, calls, chats and heartbeats over many
// sockets, with thresholds and an exit code. `--smoke` is small enough for a test. --report writes a page.
import { writeFileSync } from "node:fs"
import { flagsOf, socketUrlOf, understood } from "../../testkit/command-line.mjs"
import { startChats } from "./chats.mjs"
import { Figures } from "./figures.mjs"
import { leanPhone } from "./lean-phone.mjs"
import { pageOf } from "./page.mjs"
import { scenarioOf } from "./scenario.mjs"
import { watchServer } from "./server-metrics.mjs"

const usage = `usage: npm run load -- --url ws://host/ws [--smoke] [--scenario FILE.json] [--report FILE.html]
  --phones N --rate N --seconds N --chats N   instead of the scenario's numbers (docs/operations/load.md)
  --internal URL         the internal listener: the server's own metrics, and staff for chats
  --own-addresses        each phone comes from an address of its own (a server with TRUSTED_PROXY_HOPS=1)
  chats need --internal, --webhook-token, --admin-email, --admin-password and --mitra-code`

const strings = [
  "url",
  "scenario",
  "report",
  "phones",
  "rate",
  "seconds",
  "chats",
  "internal",
  "webhook-token",
  "admin-email",
  "admin-password",
  "mitra-code"
]

const { scenario, values } = understood(usage, process.argv.slice(2), (args) => {
  const flags = Object.fromEntries(strings.map((name) => [name, { type: "string" }]))
  const given = flagsOf(args, {
    ...flags,
    smoke: { type: "boolean" },
    "own-addresses": { type: "boolean" }
  })
  socketUrlOf("--url", given.url ?? "")
  const asked = scenarioOf(given)
  const missing = ["internal", "webhook-token", "admin-email", "admin-password", "mitra-code"]
    .filter((name) => given[name] === undefined)
  if (asked.chats.count > 0 && missing.length > 0) throw new Error(`chats need --${missing.join(", --")}`)
  return { scenario: asked, values: given }
})
const figures = new Figures()
const load = {
  url: values.url,
  scenario,
  figures,
  has_own_addresses: values["own-addresses"] === true,
  sentAt: new Map(),
  isOver: false
}
const chatting = {
  http: values.url.replace(/^ws/, "http").replace(/\/ws$/, ""),
  internal: values.internal,
  webhook_token: values["webhook-token"],
  admin_email: values["admin-email"],
  admin_password: values["admin-password"],
  code: values["mitra-code"]
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const tell = () => {
  const last = figures.seconds.at(-2)
  if (last === undefined) return
  const cores = last.server?.cores == null ? "" : `, server ${last.server.cores.toFixed(2)} cores`
  console.log(
    `${figures.open} phones, ${figures.calls} calls, ${figures.failed} errors, p95 ${
      last.latencies.quantile(0.95).toFixed(0)
    } ms${cores}`
  )
}

/** In tens of milliseconds, so that a late timer costs no arrivals. */
const arrive = async () => {
  const { arrive_per_second, phones: { count } } = scenario
  const phones = []
  const began = performance.now()
  while (phones.length < count) {
    const due = Math.min(count, Math.ceil((performance.now() - began) / 1000 * arrive_per_second))
    while (phones.length < due) phones.push(leanPhone(load, phones.length))
    await pause(10)
  }
  return phones
}

const stopWatching = watchServer(values.internal, figures)
const hangUpChats = await startChats(load, chatting)
const progress = setInterval(tell, values.smoke ? 1_000 : 5_000)
const phones = await arrive()
await pause(scenario.steady_seconds * 1000)
for (const phone of phones) if (phone.isSilent()) figures.failedWith("silence", "asked and never answered")
const opened = figures.open
load.isOver = true
clearInterval(progress)
const metrics = stopWatching()
const { system, user } = process.cpuUsage()
hangUpChats()
for (const phone of phones) phone.close()

const results = figures.results()
let missed = 0
for (const [name, limit] of Object.entries(scenario.thresholds)) {
  const holds = results[name] < limit
  if (!holds) missed += 1
  console.log(
    `${holds ? "ok  " : "MISS"} ${name.padEnd(13)} ${results[name].toFixed(4)}, the limit is ${limit}`
  )
}
for (const [what, count] of [...figures.errors].toSorted(([, a], [, b]) => b - a).slice(0, 10)) {
  console.log(`     ${count} x ${what}`)
}
const there = `${opened} of ${phones.length} phones and ${scenario.chats.count} chats`
const usedSeconds = ((system + user) / 1e6).toFixed(1)
const usedMebibytes = (process.memoryUsage().rss / 1024 ** 2).toFixed(0)
console.log(`${figures.calls} calls, ${there} at the end`)
console.log(`this client used ${usedSeconds} s of one core and ${usedMebibytes} MiB`)
if (values.report !== undefined) writeFileSync(values.report, pageOf(scenario, figures, metrics))
process.exit(missed === 0 ? 0 : 1)
