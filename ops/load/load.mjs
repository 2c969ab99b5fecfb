// `npm run load -- --url ws://host/ws`: arrivals and calls over many sockets, with thresholds and an exit
// code. `--smoke` is small enough for a test. The scenario is data: how many phones arrive a second, and what
// each does how often. A page with latency over time is written with --report.
import { writeFileSync } from "node:fs"
import { WebSocket } from "ws"
import { flagsOf, numberOf, socketUrlOf, understood } from "../../testkit/command-line.mjs"

const usage =
  `npm run load -- --url ws://host/ws      2,000 phones for a minute; exit code 1 when a threshold is missed
  --phones N --seconds N                so many, for so long once all have arrived
  --smoke                               100 phones for three seconds
  --metrics http://host:3001            an internal listener, for the page
  --report load.html                    writes a page with latency over time`

const values = understood(usage, process.argv.slice(2), (args) => {
  const given = flagsOf(args, {
    url: { type: "string", default: "" },
    metrics: { type: "string" },
    report: { type: "string" },
    phones: { type: "string" },
    seconds: { type: "string" },
    smoke: { type: "boolean", default: false }
  })
  socketUrlOf("--url", given.url)
  if (given.phones !== undefined) numberOf("--phones", given.phones, 1)
  if (given.seconds !== undefined) numberOf("--seconds", given.seconds, 0)
  return given
})

const thresholds = { p95_ms: 200, p99_ms: 500, errors_share: 0.001 }
const full = { arrive_per_second: 200, phones: 2_000, steady_seconds: 60, think_ms: 5_000 }
const small = { arrive_per_second: 50, phones: 100, steady_seconds: 3, think_ms: 500 }
const scenario = {
  ...(values.smoke ? small : full),
  ...(values.phones === undefined ? {} : { phones: Number(values.phones) }),
  ...(values.seconds === undefined ? {} : { steady_seconds: Number(values.seconds) }),
  /** In turn, by every phone, between its pauses. */
  calls: [
    ["customer.pricing", {}],
    ["customer.pending_payments", {}],
    ["customer.availability", {}]
  ]
}

/** Latencies by second: plain arrays, because 20,000 sockets on one core leave no time for more. */
const seconds = []
const totals = { calls: 0, errors: 0, latencies: [] }
const startedAt = performance.now()

const note = (ms, isError) => {
  const second = Math.floor((performance.now() - startedAt) / 1000)
  const bucket = seconds[second] ??= { latencies: [], errors: 0 }
  totals.calls += 1
  if (isError) {
    totals.errors += 1
    bucket.errors += 1
    return
  }
  bucket.latencies.push(ms)
  totals.latencies.push(ms)
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0

let open = 0
let isOver = false

/** One phone: signs in, then one call after the other with a pause between. Only the socket is kept. */
const phone = (number) => {
  const socket = new WebSocket(values.url, { perMessageDeflate: false })
  let id = 0
  let askedAt = 0
  const ask = (tag, payload) => {
    askedAt = performance.now()
    socket.send(JSON.stringify({ _tag: "Request", id: String(++id), tag, payload, headers: [] }))
  }
  const next = () => {
    if (isOver) return
    const [tag, payload] = scenario.calls[id % scenario.calls.length]
    ask(tag, payload)
  }
  socket.on("open", () => {
    open += 1
    ask("auth.sign_in_anonymous", { call_name: `load ${number}` })
  })
  socket.on("message", (bytes) => {
    const frame = JSON.parse(String(bytes))
    if (frame._tag !== "Exit" || frame.requestId !== String(id)) return
    const isError = frame.exit._tag !== "Success"
    note(performance.now() - askedAt, isError)
    const token = frame.exit.value?.access_token
    if (token !== undefined) return ask("auth.authenticate", { access_token: token })
    setTimeout(next, scenario.think_ms * (0.5 + Math.random()))
  })
  socket.on("error", () => note(0, true))
  socket.on("close", () => {
    open -= 1
    if (!isOver) note(0, true)
  })
  return socket
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const progress = setInterval(() => {
  const last = seconds.at(-1)?.latencies.toSorted((a, b) => a - b) ?? []
  console.log(
    `${open} phones, ${totals.calls} calls, ${totals.errors} errors, p95 ${
      quantile(last, 0.95).toFixed(0)
    } ms`
  )
}, 1_000)

const phones = []
for (let number = 0; number < scenario.phones; number++) {
  phones.push(phone(number))
  await pause(1000 / scenario.arrive_per_second)
}
await pause(scenario.steady_seconds * 1000)
isOver = true
clearInterval(progress)
const metrics = values.metrics === undefined
  ? null
  : await fetch(`${values.metrics}/metrics`).then((answer) => answer.text()).catch(() => null)
for (const socket of phones) socket.close()

const sorted = totals.latencies.toSorted((a, b) => a - b)
const results = {
  p95_ms: quantile(sorted, 0.95),
  p99_ms: quantile(sorted, 0.99),
  errors_share: totals.calls === 0 ? 1 : totals.errors / totals.calls
}
let missed = 0
for (const [name, limit] of Object.entries(thresholds)) {
  const holds = results[name] < limit
  if (!holds) missed += 1
  console.log(
    `${holds ? "ok  " : "MISS"} ${name.padEnd(13)} ${results[name].toFixed(4)}, the limit is ${limit}`
  )
}
console.log(`${totals.calls} calls over ${scenario.phones} phones`)

const page = () => {
  const p95 = seconds.map((one) => quantile((one?.latencies ?? []).toSorted((a, b) => a - b), 0.95))
  const most = Math.max(1, ...p95)
  const points = p95.map((ms, index) => `${index * 8},${200 - 190 * ms / most}`).join(" ")
  const own = (metrics ?? "").split("\n").filter((line) =>
    /^halobestie_(phones|event_loop|calls_total|process)/.test(line)
  ).join("\n")
  return `<!doctype html><meta charset="utf-8"><title>Load</title><h1>p95 per second, up to ${
    most.toFixed(0)
  } ms</h1>
<svg width="${
    p95.length * 8 + 8
  }" height="210"><polyline fill="none" stroke="black" points="${points}"/></svg>
<pre>${
    JSON.stringify({ scenario, results, calls: totals.calls }, null, 2)
  }</pre><h2>The server's own metrics</h2>
<pre>${own.replaceAll("<", "&lt;")}</pre>`
}
if (values.report !== undefined) writeFileSync(values.report, page())
process.exit(missed === 0 ? 0 : 1)
