// `npm run demo -- --watch`: a small evening at Halobestie, slow enough to follow in the console: customers
// come and pay, besties answer, chats run, are extended and end, over and over until Ctrl-C or for so many
// seconds.
import { Phone, sleep } from "../testkit/phone.mjs"
import { startServer } from "./server-process.mjs"

const names = ["Sari", "Budi", "Nina", "Dewi", "Rina", "Tono", "Wati", "Eka", "Putri", "Agus"]
const besties = ["+628110000001", "+628110000002", "+628110000003"]
const tiers = ["demo", "demo", "chat_5", "chat_12"]
const arrivalMs = 6_000
const id = () => crypto.randomUUID()
const chance = (below) => Math.floor(Math.random() * below)

const rupiah = (idr) => `Rp ${String(idr).replaceAll(/\B(?=(\d{3})+$)/g, ".")}`

const say = (text) => console.log(`${new Date().toTimeString().slice(0, 8)}  ${text}`)

const isFact = (session_id, ...kinds) => (event) =>
  event._tag === "session" && event.session_id === session_id && kinds.includes(event.fact.kind)

/** Answers whatever she is offered after a moment, keeps her heartbeat, and writes back. */
const listen = async (phoneNumber, world) => {
  const phone = new Phone(world.server.url)
  await phone.connect()
  const who = { phone: phoneNumber, user_type: "mitra", code: world.otpCode }
  const tokens = await phone.call("auth.verify_code", who)
  await phone.authenticate(tokens.access_token)
  await phone.subscribe()
  await phone.call("mitra.go_online", { command_id: id() })
  const beat = setInterval(() => phone.call("mitra.heartbeat", {}).catch(() => {}), 15_000)
  world.closing.push(() => clearInterval(beat), () => phone.hangUp())
  // The phone remembers all it was told: each offer is answered once.
  const answered = new Set()
  const isNew = (event) => event._tag === "offer" && !answered.has(event.offer.session_id)
  const answer = async () => {
    while (!world.isOver) {
      const { session_id } = (await phone.event("an offer", isNew, 3_600_000)).event.offer
      answered.add(session_id)
      // One takes her time and is too late, one says no.
      const call = chance(6) === 0 ? "mitra.decline" : "mitra.accept"
      sleep(800 + chance(3_000)).then(() => phone.call(call, { command_id: id(), session_id })).catch(
        () => {}
      )
    }
  }
  answer().catch(() => {})
  return phone
}

const confirmed = async (world, payment) => {
  const answer = await fetch(`${world.server.webhookUrl}/api/webhooks/payments/builtin`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": world.webhookToken },
    body: JSON.stringify({
      external_id: payment.payment_id,
      status: "PAID",
      amount: payment.amount_idr,
      id: `watch-${payment.payment_id}`
    })
  })
  if (!answer.ok) throw new Error(`the webhook answered ${answer.status}: is --webhook-token right?`)
}

const talk = async (phone, session_id, name) => {
  for (let said = 0;; said += 1) {
    await sleep(1_500 + chance(2_000))
    const body = `${name} says something nobody else reads (${said})`
    const sent = await phone.call("chat.send", { session_id, client_message_id: id(), body }).catch(() =>
      null
    )
    if (sent === null) return
    if (said === 3 && chance(2) === 0) {
      const more = { command_id: id(), session_id, tier_id: "demo" }
      const payment = await phone.call("chat.request_extension", more).catch(() => null)
      if (payment !== null) await confirmed(phone.world, payment)
    }
  }
}

const visit = async (name, world) => {
  const phone = new Phone(world.server.url)
  phone.world = world
  world.closing.push(() => phone.hangUp())
  await phone.connect()
  const tokens = await phone.call("auth.sign_in_anonymous", { call_name: name })
  await phone.authenticate(tokens.access_token)
  await phone.subscribe()
  const order = { command_id: id(), tier_id: tiers[chance(tiers.length)], topic: "regular" }
  const payment = await phone.call("customer.create_payment", order)
  await sleep(1_000)
  await confirmed(world, payment)
  say(`${name} paid ${rupiah(payment.amount_idr)} and waits for a bestie`)
  const paired = (event) => event._tag === "session" && event.fact.kind === "paired"
  const { event } = await phone.event("paired", paired, 70_000)
  say(`${name} talks with ${event.fact.mitra_name}`)
  await talk(phone, event.session_id, name)
  await phone.event("closing", isFact(event.session_id, "closing", "completed"), 900_000).catch(() => null)
  if (!world.isOver) say(`${name}'s paid time is over`)
}

const welcome = ({ internalUrl }, { adminEmail, adminPassword }) => {
  console.log(`
  Open  ${internalUrl}/
  and sign in as  ${adminEmail}  with  ${adminPassword}

  Ctrl-C ends the evening.
`)
}

const ownServer = async (webhookToken, onServer) => {
  console.log("starting a server of our own, on an embedded database ...")
  const own = await startServer(webhookToken, onServer)
  const addresses = { url: own.socketUrl, webhookUrl: own.httpUrl, internalUrl: own.internalUrl }
  return { ...addresses, ended: () => own.exit }
}

const worldOf = async ({ otpCode, server, webhookToken }, onServer) => {
  const own = server === null ? id() : webhookToken
  return {
    server: server === null ? await ownServer(own, onServer) : { ...server, ended: () => null },
    webhookToken: own,
    otpCode,
    closing: [],
    isOver: false
  }
}

/**
 * Answers how it ended, as the other demos do. `onServer` gets what must be stopped; once `interrupted`,
 * nobody comes any more and nobody is talked about.
 */
export const watch = async (options, onServer, interrupted) => {
  const world = await worldOf(options, onServer)
  const { server } = world
  const over = () => {
    world.isOver = true
    for (const close of world.closing) close()
  }
  interrupted.addEventListener("abort", over, { once: true })
  welcome(server, options)
  await Promise.all(besties.map((number) => listen(number, world)))
  say("three besties are online")
  const until = performance.now() + options.seconds * 1000
  let guests = 0
  while (performance.now() < until && server.ended() === null && !world.isOver) {
    const name = names[guests % names.length]
    guests += 1
    visit(name, world).catch((error) => world.isOver || say(`${name} leaves: ${error.message}`))
    await sleep(Math.min(arrivalMs, Math.max(0, until - performance.now())))
  }
  over()
  return server.ended() === null
    ? { verdict: `demo ok: ${guests} guests came`, exitCode: 0 }
    : { verdict: `demo failed: the server ended with ${server.ended()}`, exitCode: 1 }
}
