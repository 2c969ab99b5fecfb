// What the full catalogue does again and again: a new customer, a payment that is confirmed, an offer that is
// answered, a chat that ends. Every move checks what it must leave behind.
import { actionId, ofSession, person } from "../../clients.mjs"
import { check, same } from "../../timeline.mjs"

export const newCustomer = async (world, name) => {
  const customer = person(name, world.url)
  world.everybody.push(customer)
  await customer.phone.connect()
  customer.tokens = await customer.phone.call("auth.sign_in_anonymous", { call_name: name })
  await customer.phone.authenticate(customer.tokens.access_token)
  await customer.phone.subscribe()
  return customer
}

export const notify = (world, notice) =>
  fetch(new URL("/api/webhooks/payments/builtin", world.webhookUrl), {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": world.webhookToken },
    body: JSON.stringify(notice),
    signal: AbortSignal.timeout(5_000)
  })

/** The provider says that it was paid. Gives the payment as its customer sees it then. */
export const confirm = async (world, customer, payment) => {
  const answer = await notify(world, {
    id: `demo-${payment.payment_id}`,
    external_id: payment.payment_id,
    status: "PAID",
    amount: payment.amount_idr
  })
  same(answer.status, 200, "the provider's word is acknowledged")
  return customer.phone.call("customer.payment_status", { payment_id: payment.payment_id })
}

/** A paid request; `wish` may name a mitra. Gives the payment, with the session it opened. */
export const pays = async (world, customer, wish = {}) => {
  const payment = await customer.phone.call("customer.create_payment", {
    command_id: actionId(),
    tier_id: world.longTier,
    topic: "regular",
    ...wish
  })
  const paid = await confirm(world, customer, payment)
  check(paid.session_id !== null, "a confirmed payment has its request", paid)
  return paid
}

export const isOffered = async (mitra, sessionId, timeoutMs = 15_000) => {
  const isIt = (event) => event._tag === "offer" && event.offer.session_id === sessionId
  return (await mitra.phone.event(`${mitra.name}'s offer`, isIt, timeoutMs)).event.offer
}

const closedIs = (sessionId) => (event) => event._tag === "offer_closed" && event.session_id === sessionId

export const offerCloses = async (mitra, sessionId) =>
  (await mitra.phone.event(`the end of ${mitra.name}'s offer`, closedIs(sessionId))).event.ending

export const accepts = (mitra, sessionId) =>
  mitra.phone.call("mitra.accept", { command_id: actionId(), session_id: sessionId })

export const declines = (mitra, sessionId) =>
  mitra.phone.call("mitra.decline", { command_id: actionId(), session_id: sessionId })

/** The fact of this kind, as this person is told it. */
export const told = async (who, sessionId, kind, timeoutMs = 15_000) =>
  (await who.phone.event(`${kind} for ${who.name}`, ofSession(sessionId, kind), timeoutMs)).event

/** From the payment to a running chat with this mitra. */
export const chats = async (world, customer, mitra, wish = {}) => {
  const { session_id } = await pays(world, customer, wish)
  await isOffered(mitra, session_id)
  const session = await accepts(mitra, session_id)
  same([session.status, session.mitra_name], ["active", mitra.name], `${mitra.name} has the chat`)
  await told(customer, session_id, "paired")
  return session_id
}

/** Early, and with a word: whatever time was left is in the ledger as given up. */
export const ends = async (customer, sessionId) => {
  await customer.phone.call("chat.end", { command_id: actionId(), session_id: sessionId })
  const goodbye = { command_id: actionId(), session_id: sessionId, text: "Makasih ya" }
  const session = await customer.phone.call("chat.goodbye", goodbye)
  same(session.status, "completed", `${customer.name}'s chat is over`)
}

export const goes = async (mitra, way) => {
  const status = await mitra.phone.call(`mitra.go_${way}`, { command_id: actionId() })
  same(status.is_online, way === "online", `${mitra.name} is ${way}`)
}

/** The mitras of `online` are online, and no others. */
export const onDuty = async (world, online) => {
  for (const mitra of world.mitras) await goes(mitra, online.includes(mitra) ? "online" : "offline")
}

export const failureOf = async (customer, payment) =>
  (await customer.phone.call("customer.payment_status", { payment_id: payment.payment_id })).failure_cause
