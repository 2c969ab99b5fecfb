// `npm run probe -- --url wss://host/ws`: the probes that gate a deploy, one line each, exit code 1 on a
// miss. Sign-in and webhook need nothing; pairing and the event need a mitra who can sign in and a provider
// that confirms on command, as staging has. What cannot be tried is said, and counts as a miss with --all.
import { randomUUID } from "node:crypto"
import { flagsOf, numberOf, socketUrlOf, understood } from "../../testkit/command-line.mjs"
import { Phone } from "../../testkit/phone.mjs"

const usage =
  `npm run probe -- --url wss://host/ws    sign-in and webhook, against their limits; exit code 1 on a miss
  --webhook-token T                     PAYMENT_WEBHOOK_TOKEN of a server that confirms by its own webhook
  --mitra-phone P --mitra-code C        a mitra who can sign in: with the token, pairing and an event as well
  --tier chat_5                         what the probe buys
  --sign-ins 20                         how many are timed
  --all                                 what cannot be tried is a miss`

const { socketUrl, values } = understood(usage, process.argv.slice(2), (args) => {
  const given = flagsOf(args, {
    url: { type: "string", default: "" },
    "webhook-token": { type: "string" },
    "mitra-phone": { type: "string" },
    "mitra-code": { type: "string" },
    tier: { type: "string", default: "chat_5" },
    "sign-ins": { type: "string", default: "20" },
    all: { type: "boolean", default: false }
  })
  numberOf("--sign-ins", given["sign-ins"], 1)
  return { socketUrl: socketUrlOf("--url", given.url), values: given }
})
const httpUrl = `${socketUrl.protocol === "wss:" ? "https:" : "http:"}//${socketUrl.host}`
const limits = { sign_in_p95_ms: 250, event_ms: 3_000, pairing_ms: 5_000, webhook_ms: 1_000 }
const patienceMs = 10_000

let missed = 0
const say = (verdict, name, found) => {
  if (verdict === "MISS" || (verdict === "skip" && values.all)) missed += 1
  console.log(`${verdict.padEnd(5)} ${name.padEnd(10)} ${found}`)
}
const judge = (name, ms, limit) =>
  say(ms < limit ? "ok" : "MISS", name, `${Math.round(ms)} ms, the limit is ${limit} ms`)

const timed = async (work) => {
  const began = performance.now()
  const value = await work()
  return { ms: performance.now() - began, value }
}

const connected = async () => {
  const phone = new Phone(socketUrl.href)
  await phone.connect()
  return phone
}

const customer = async () => {
  const phone = await connected()
  const tokens = await phone.call("auth.sign_in_anonymous", { call_name: "probe" })
  await phone.authenticate(tokens.access_token)
  return phone
}

const signIn = async () => {
  const times = []
  for (let number = 0; number < Number(values["sign-ins"]); number++) times.push((await timed(customer)).ms)
  const sorted = times.toSorted((a, b) => a - b)
  judge(
    "sign-in",
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? Infinity,
    limits.sign_in_p95_ms
  )
}

const deliver = (body, token) =>
  fetch(`${httpUrl}/api/webhooks/payments/builtin`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": token },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(patienceMs)
  })

/** A stranger's delivery must be refused; ours for a payment that does not exist taken and ignored. */
const webhook = async () => {
  const notice = { external_id: randomUUID(), status: "PAID", amount: 1, id: "probe" }
  const { ms, value } = await timed(() => deliver(notice, values["webhook-token"] ?? "no token at all"))
  const expected = values["webhook-token"] === undefined ? [401, 404] : [200]
  if (!expected.includes(value.status)) return say("MISS", "webhook", `answered ${value.status}`)
  judge("webhook", ms, limits.webhook_ms)
}

const needed = ["webhook-token", "mitra-phone", "mitra-code"].filter((name) => values[name] === undefined)

const mitraOnline = async () => {
  const phone = await connected()
  const who = { phone: values["mitra-phone"], user_type: "mitra", code: values["mitra-code"] }
  const tokens = await phone.call("auth.verify_code", who)
  await phone.authenticate(tokens.access_token)
  await phone.subscribe()
  await phone.call("mitra.go_online", { command_id: randomUUID() })
  await phone.call("mitra.heartbeat", {})
  return phone
}

const pairingAndEvent = async () => {
  if (needed.length > 0) {
    for (const name of ["pairing", "event"]) say("skip", name, `needs --${needed.join(", --")}`)
    return
  }
  const [asking, listening] = [await customer(), await mitraOnline()]
  await asking.subscribe()
  const paired = await timed(async () => {
    const payment = await asking.call("customer.create_payment", {
      command_id: randomUUID(),
      tier_id: values.tier,
      topic: "regular"
    })
    await deliver(
      {
        external_id: payment.payment_id,
        status: "PAID",
        amount: payment.amount_idr,
        id: `probe-${payment.payment_id}`
      },
      values["webhook-token"]
    )
    const { event } = await listening.event("the offer", ({ _tag }) => _tag === "offer", patienceMs)
    await listening.call("mitra.accept", { command_id: randomUUID(), session_id: event.offer.session_id })
    await asking.event("paired", ({ fact }) => fact?.kind === "paired", patienceMs)
    return event.offer.session_id
  })
  judge("pairing", paired.ms, limits.pairing_ms)
  const event = await timed(async () => {
    const client_message_id = randomUUID()
    await listening.call("chat.send", { session_id: paired.value, client_message_id, body: "probe" })
    await asking.event(
      "the message",
      ({ fact }) => fact?.message?.client_message_id === client_message_id,
      patienceMs
    )
  })
  judge("event", event.ms, limits.event_ms)
  await asking.call("chat.end", { command_id: randomUUID(), session_id: paired.value }).catch(() => {})
  await listening.call("mitra.go_offline", { command_id: randomUUID() })
}

for (const [name, probe] of Object.entries({ "sign-in": signIn, webhook, pairing: pairingAndEvent })) {
  try {
    await probe()
  } catch (error) {
    say("MISS", name, error instanceof Error ? error.message : String(error))
  }
}
process.exit(missed === 0 ? 0 : 1)
