// A test of a phone app, as a tester would write it: an hour of paid chat with both warnings, an extension
// and the end, on a server whose time stands still until this script moves it. Nothing here sleeps.
import { Desk } from "./desk.mjs"
import { actionId, mitraPhones, ofSession, person } from "./clients.mjs"
import { check, same } from "./timeline.mjs"

const second = 1_000
const minute = 60 * second

const plus = (instant, ms) => new Date(Date.parse(instant) + ms).toISOString()

const peopleArrive = async (world) => {
  const { ayu, sari } = world
  await sari.phone.connect()
  sari.tokens = await sari.phone.call("auth.sign_in_anonymous", { call_name: "Sari" })
  await ayu.phone.connect()
  const account = { phone: mitraPhones.Ayu, user_type: "mitra" }
  await ayu.phone.call("auth.request_code", account)
  ayu.tokens = await ayu.phone.call("auth.verify_code", { ...account, code: world.otpCode })
  for (const { phone, tokens } of [sari, ayu]) {
    await phone.authenticate(tokens.access_token)
    await phone.subscribe()
  }
  await ayu.phone.call("mitra.go_online", { command_id: actionId() })
  await ayu.phone.call("mitra.heartbeat", {})
}

/** The provider's webhook confirms the payment. */
const isPaid = async (world, payment) => {
  const answer = await fetch(new URL("/api/webhooks/payments/builtin", world.webhookUrl), {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": world.webhookToken },
    body: JSON.stringify({
      id: `hour-${payment.payment_id}`,
      external_id: payment.payment_id,
      status: "PAID",
      amount: payment.amount_idr
    })
  })
  same(answer.status, 200, "the webhook is acknowledged")
}

const chatBegins = async (world) => {
  const { ayu, sari } = world
  const order = { command_id: actionId(), tier_id: "chat_60", topic: "regular" }
  await isPaid(world, await sari.phone.call("customer.create_payment", order))
  const { event } = await ayu.phone.event("the offer", ({ _tag }) => _tag === "offer")
  const session_id = event.offer.session_id
  const session = await ayu.phone.call("mitra.accept", { command_id: actionId(), session_id })
  same(session.ends_at, plus(session.started_at, 60 * minute), "sixty minutes are paid")
  world.sessionId = session_id
  world.startedAt = session.started_at
  await send(world, sari, "Halo kak, boleh curhat?")
}

const send = async (world, from, body) => {
  const to = from === world.sari ? world.ayu : world.sari
  const message = { session_id: world.sessionId, client_message_id: actionId(), body }
  const { seq } = await from.phone.call("chat.send", message)
  await to.phone.event(`message #${seq}`, (event) => event._tag === "session" && event.seq === seq)
}

/** Both phones have it, and it took effect at exactly this instant. */
const bothSee = async (world, kind, at, isIt = () => true) => {
  const { ayu, sari, sessionId } = world
  const matches = (event) => ofSession(sessionId, kind)(event) && isIt(event.fact)
  const [seen] = await Promise.all([sari, ayu].map(async ({ name, phone }) => {
    const { event } = await phone.event(kind, matches)
    same(event.at, at, `${name} sees ${kind} at the right instant`)
    return event
  }))
  return seen
}

/** Tokens live an hour of the product's time: an app refreshes them in time, as always. */
const tokensAreRefreshed = async ({ ayu, sari }) => {
  for (const one of [sari, ayu]) {
    one.tokens = await one.phone.call("auth.refresh", { refresh_token: one.tokens.refresh_token })
    await one.phone.authenticate(one.tokens.access_token)
  }
}

const warnings = async (world) => {
  await world.desk.advance(50 * minute)
  await tokensAreRefreshed(world)
  const { fired } = await world.desk.advanceTo(plus(world.startedAt, 57 * minute))
  check(
    fired.some(({ id }) => id === world.sessionId),
    "the desk hears that the chat's time did something",
    fired
  )
  await bothSee(
    world,
    "warning",
    plus(world.startedAt, 57 * minute),
    (fact) => fact.remaining_seconds === 180
  )
  await world.desk.advance(2 * minute)
  await bothSee(world, "warning", plus(world.startedAt, 59 * minute), (fact) => fact.remaining_seconds === 60)
}

const extension = async (world) => {
  const { ayu, desk, sari, sessionId: session_id } = world
  const order = { command_id: actionId(), session_id, tier_id: "chat_5" }
  await isPaid(world, await sari.phone.call("chat.request_extension", order))
  const asked = await bothSee(world, "extension_requested", plus(world.startedAt, 59 * minute))
  // The paid clock stands still while she thinks about it.
  await desk.advance(4 * second)
  const yes = { command_id: actionId(), session_id, extension_seq: asked.seq, approve: true }
  await ayu.phone.call("mitra.answer_extension", yes)
  const resumedAt = plus(world.startedAt, 59 * minute + 4 * second)
  const resumed = await bothSee(world, "session_resumed", resumedAt)
  world.endsAt = plus(resumedAt, 6 * minute)
  same(resumed.fact.ends_at, world.endsAt, "the minute that was left and five more")
  await send(world, sari, "Makasih udah mau lanjut")
}

const timeRunsOut = async (world) => {
  const { ayu, desk, sari, sessionId: session_id } = world
  await desk.advanceTo(plus(world.endsAt, -1))
  check(
    !sari.phone.log.some(({ event }) => ofSession(session_id, "closing")(event)),
    "not a millisecond too early"
  )
  await desk.advance(1)
  const closing = await bothSee(world, "closing", world.endsAt)
  same(closing.fact.reason, "time_up", "the clock ended it")
  await ayu.phone.call("chat.goodbye", { command_id: actionId(), session_id, text: "Semangat ya, Sari!" })
  await desk.advanceTo(closing.fact.closing_ends_at)
  await bothSee(world, "completed", closing.fact.closing_ends_at)
}

const ledgerAddsUp = async (world) => {
  const { ledger } = await world.desk.call("admin.inspect_session", { session_id: world.sessionId })
  same(ledger.purchased_ms, 65 * minute, "sixty-five minutes were bought")
  world.ledger = ledger
}

const acts = [peopleArrive, chatBegins, warnings, extension, timeRunsOut, ledgerAddsUp]

/** What one phone was told, as a line each; ticks are counted. */
const seenBy = ({ phone }) =>
  phone.log.flatMap(({ event }) => {
    if (event._tag === "offer") return [{ at: event.offer.sent_at, what: "offer" }]
    if (event._tag !== "session") return []
    const { kind, remaining_seconds } = event.fact
    return [{ at: event.at, what: remaining_seconds === undefined ? kind : `${kind} ${remaining_seconds} s` }]
  })

const ticksOf = ({ phone }) => phone.log.filter(({ event }) => event._tag === "tick").length

/**
 * Plays it. `options`: url, webhookUrl, webhookToken, otpCode, internalUrl, account. Answers what both
 * phones saw and how long it took, in the product's time and in ours.
 */
export const runHour = async (options) => {
  const world = {
    ...options,
    desk: new Desk(options.internalUrl, options.account),
    sari: person("Sari", options.url),
    ayu: person("Ayu", options.url)
  }
  // No app sends heartbeats while an hour passes in a second.
  await world.desk.call("admin.settings_write", { key: "mitra_ping_required", value: false })
  const from = (await world.desk.now()).now
  const began = performance.now()
  for (const act of acts) await act(world)
  const real_ms = performance.now() - began
  const { now } = await world.desk.now()
  for (const { phone } of [world.sari, world.ayu]) {
    same([phone.doubled, phone.skipped], [0, 0], "every event came once, in order")
    phone.hangUp()
  }
  return {
    started_at: world.startedAt,
    virtual_ms: Date.parse(now) - Date.parse(from),
    real_ms,
    sari: { events: seenBy(world.sari), ticks: ticksOf(world.sari) },
    ayu: { events: seenBy(world.ayu), ticks: ticksOf(world.ayu) },
    ledger: world.ledger
  }
}
