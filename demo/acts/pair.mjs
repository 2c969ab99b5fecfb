// Act two: Sari pays, every available mitra is asked, two say yes in the same instant and exactly one
// of them is it. Only the payment provider's word opens a request, and saying it twice opens one.
import { actionId, ofSession } from "../clients.mjs"
import { sleep } from "../../testkit/phone.mjs"
import { check, refused, same, say, step } from "../timeline.mjs"

/** The server may answer from a count that is ten seconds old; an app asks again anyway. */
const seesBesties = async (phone) => {
  for (let asked = 1;; asked++) {
    const beacon = await phone.call("customer.availability", {})
    if (beacon.count >= 3 || asked === 12) return beacon
    await sleep(1_000)
  }
}

const looksAround = async (world) => {
  const { phone } = world.sari
  const snapshot = await phone.subscribe()
  same(snapshot.sessions, [], "a new customer has no sessions")
  const { tiers } = await phone.call("customer.pricing", {})
  world.tier = tiers.find((tier) => tier.tier_id === "demo")
  check(world.tier !== undefined, "the server sells the tier \"demo\" (development servers do)", tiers)
  say("Sari", `sees ${tiers.map((tier) => `${tier.label} for Rp${tier.price_idr}`).join(", ")}`)
  const { available, count } = await seesBesties(phone)
  check(available && count >= 3, "at least the three mitras are available", { available, count })
  say("Sari", `sees that ${count} besties are there`)
}

const startsPayment = async (world) => {
  const { phone } = world.sari
  const order = { command_id: actionId(), tier_id: world.tier.tier_id, topic: "regular" }
  const payment = await phone.call("customer.create_payment", order)
  same(payment.status, "pending", "a new payment waits for the provider")
  same(payment.amount_idr, world.tier.price_idr, "the price is the tier's")
  const again = await phone.call("customer.create_payment", order)
  same(again.payment_id, payment.payment_id, "the same order sent twice is one payment")
  world.payment = payment
  say("Sari", `starts to pay Rp${payment.amount_idr}; her app sent it twice, it is one payment`)
}

const callWebhook = ({ payment, webhookUrl }, token) =>
  fetch(new URL("/api/webhooks/payments/builtin", webhookUrl), {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": token },
    body: JSON.stringify({
      id: `demo-${payment.payment_id}`,
      external_id: payment.payment_id,
      status: "PAID",
      amount: payment.amount_idr
    }),
    signal: AbortSignal.timeout(5_000)
  })

const providerConfirms = async (world) => {
  const { phone } = world.sari
  const forged = await callWebhook(world, "not-the-token")
  same(forged.status, 401, "a webhook with a wrong token is turned away")
  const before = await phone.call("customer.payment_status", { payment_id: world.payment.payment_id })
  same(before.status, "pending", "a forged webhook confirms nothing")
  say("--", "somebody forges the provider's webhook: 401, nothing happens")

  for (const delivery of ["first", "second"]) {
    const answer = await callWebhook(world, world.webhookToken)
    same(answer.status, 200, `the provider's ${delivery} delivery is acknowledged`)
  }
  const paid = await phone.call("customer.payment_status", { payment_id: world.payment.payment_id })
  check(paid.session_id !== null, "a confirmed payment has its request", paid)
  world.sessionId = paid.session_id
  say("--", "the provider confirms, twice; one request is open")
  const { event } = await phone.event("offers_sent", ofSession(world.sessionId, "offers_sent"))
  check(event.fact.asked >= 3, "all three mitras are asked", event.fact)
  say("Sari", `sees that ${event.fact.asked} besties are being asked`)
  await refused(
    phone.call("customer.create_payment", {
      command_id: actionId(),
      tier_id: world.tier.tier_id,
      topic: "regular"
    }),
    "ALREADY_ACTIVE",
    "one open request per customer"
  )
}

const mitrasAreAsked = (world) =>
  Promise.all(world.mitras.map(async (mitra) => {
    const isIt = (event) => event._tag === "offer" && event.offer.session_id === world.sessionId
    const { offer } = (await mitra.phone.event("the offer", isIt)).event
    same(
      [offer.status, offer.customer_name, offer.duration_seconds],
      ["pending", "Sari", world.tier.duration_seconds],
      `${mitra.name} sees who asks and for how long`
    )
    check(offer.remaining_ms > 0, "there is time left to answer", offer)
    say(mitra.name, `is asked: ${offer.customer_name}, ${(offer.remaining_ms / 1000).toFixed(1)} s to answer`)
  }))

const twoSayYes = async (world) => {
  const [ayu, bunga, citra] = world.mitras
  const accept = (mitra) =>
    mitra.phone.call("mitra.accept", { command_id: actionId(), session_id: world.sessionId })
  // Both frames are on their way before either answer is read.
  const answers = await Promise.allSettled([accept(ayu), accept(bunga)])
  say("--", "Ayu and Bunga say yes in the same instant")
  const winners = answers.filter((answer) => answer.status === "fulfilled")
  check(
    winners.length === 1,
    "exactly one of two wins",
    answers.map((answer) => answer.reason?.message ?? "yes")
  )
  const won = answers.indexOf(winners[0])
  world.mitra = world.mitras[won]
  const loser = won === 0 ? bunga : ayu
  same(answers[1 - won].reason.code, "OFFER_TAKEN", `${loser.name} is told that another was faster`)
  world.session = winners[0].value
  same(world.session.status, "active", "the chat runs at once")
  say(world.mitra.name, "wins")
  say(loser.name, `is told: ${answers[1 - won].reason.code}`)

  const isIt = (event) => event._tag === "offer_closed" && event.session_id === world.sessionId
  const { event } = await citra.phone.event("offer_closed", isIt)
  same(
    [event.ending, event.winner_at],
    ["taken", world.session.started_at],
    "Citra's offer closes, with the reason"
  )
  say("Citra", "sees her offer close: taken")
}

const bothAreTold = async (world) => {
  const startedAt = Date.parse(world.session.started_at)
  const endsAt = Date.parse(world.session.ends_at)
  same(endsAt - startedAt, world.tier.duration_seconds * 1000, "the clock runs for exactly what was paid")
  for (const { name, phone } of [world.sari, world.mitra]) {
    const { event } = await phone.event("paired", ofSession(world.sessionId, "paired"))
    same(
      [event.fact.mitra_name, event.at, event.fact.ends_at],
      [world.session.mitra_name, world.session.started_at, world.session.ends_at],
      `${name} sees the same pairing`
    )
    say(name, `is paired; the chat ends at ${event.fact.ends_at}`)
    world.pairedSeq = event.seq
  }
  const paid = await world.sari.phone.call("customer.payment_status", {
    payment_id: world.payment.payment_id
  })
  same(paid.status, "consumed", "the payment is used up by the pairing")
}

export const pair = async (world) => {
  await step("Sari looks around", () => looksAround(world))
  await step("Sari starts a payment", () => startsPayment(world))
  await step("the provider confirms it", () => providerConfirms(world))
  await step("every mitra is asked", () => mitrasAreAsked(world))
  await step("two accept in the same instant", () => twoSayYes(world))
  await step("both are paired and the clock runs", () => bothAreTold(world))
}
