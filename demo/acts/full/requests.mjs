// Requests that do not go straight to a chat: declined, answered too late, without a mitra, waiting in the
// queue.
import { actionId } from "../../clients.mjs"
import { check, refused, same, say, step } from "../../timeline.mjs"
import {
  accepts,
  chats,
  declines,
  ends,
  failureOf,
  goes,
  isOffered,
  newCustomer,
  offerCloses,
  onDuty,
  pays,
  told
} from "./moves.mjs"
import { set } from "./settings.mjs"

const declinedAndLate = async (world) => {
  const [ayu, bunga, citra] = world.mitras
  await onDuty(world, world.mitras)
  const rina = await newCustomer(world, "Rina")
  const { session_id } = await pays(world, rina)
  await Promise.all(world.mitras.map((mitra) => isOffered(mitra, session_id)))
  const declined = await declines(ayu, session_id)
  same([declined.status, declined.ending], ["declined", "declined"], "a no is noted")
  say("Ayu", "declines Rina's request")
  await accepts(bunga, session_id)
  say("Bunga", "accepts it")
  same(await offerCloses(citra, session_id), "taken", "Citra's offer closes with the reason")
  await refused(accepts(citra, session_id), "OFFER_TAKEN", "a late yes is told why it lost")
  await refused(accepts(ayu, session_id), "OFFER_CLOSED", "and a yes after a no as well")
  say("Citra", "accepts too late: OFFER_TAKEN")
  await ends(rina, session_id)
}

const failedAndAgain = async (world) => {
  const [ayu] = world.mitras
  await onDuty(world, [ayu])
  await set(world, "pairing_blast_timeout_seconds", 2)
  const rina = await newCustomer(world, "Tuti")
  const payment = await pays(world, rina)
  await isOffered(ayu, payment.session_id)
  const { fact } = await told(rina, payment.session_id, "pairing_failed")
  same([fact.cause, fact.is_terminal], ["window_over", false], "nobody answered, and the payment stays good")
  same(await failureOf(rina, payment), "window_over", "the failure is on record")
  say("Tuti", "hears that nobody answered; her payment is still good")
  await refused(accepts(ayu, payment.session_id), "OFFER_EXPIRED", "an answer after the window")
  say("Ayu", "answers after the window: OFFER_EXPIRED")
  await set(world, "pairing_blast_timeout_seconds", 30)
  const again = { command_id: actionId(), payment_id: payment.payment_id }
  const request = await rina.phone.call("customer.retry_request", again)
  const repeated = await rina.phone.call("customer.retry_request", again)
  same(repeated.session_id, request.session_id, "the same try sent twice is one try")
  await isOffered(ayu, request.session_id)
  await accepts(ayu, request.session_id)
  same(await failureOf(rina, payment), null, "the payment is used up, its failure settled")
  say("Tuti", "asks everybody again on the same payment, and Ayu accepts")
  await ends(rina, request.session_id)
}

const queue = async (world) => {
  const [ayu] = world.mitras
  await set(world, "max_customers_per_mitra", 1)
  const first = await newCustomer(world, "Wati")
  const chat = await chats(world, first, ayu)
  const waiting = []
  for (const name of ["Yuni", "Zahra"]) {
    const customer = await newCustomer(world, name)
    const { session_id } = await pays(world, customer)
    const { queue } = await customer.phone.call("customer.request_status", { session_id })
    waiting.push({ customer, session_id })
    same(queue?.position, waiting.length, `${name} sees her place in the line`)
    const wait = queue.estimated_wait_seconds
    // One chat runs, so nothing is known of the second place.
    check(
      waiting.length === 1 ? wait > 0 : wait === null,
      "and how long it may take, if that is known",
      queue
    )
    say(name, `waits: place ${queue.position}${wait === null ? "" : `, about ${wait} s at most`}`)
  }
  await ends(first, chat)
  say("Wati", "ends her chat: Ayu has a free place")
  for (const { customer, session_id } of waiting) {
    await isOffered(ayu, session_id)
    await accepts(ayu, session_id)
    await told(customer, session_id, "paired")
    say(customer.name, "is served: who waited longest first")
    await ends(customer, session_id)
  }
  await set(world, "max_customers_per_mitra", world.settingsBefore.max_customers_per_mitra)
}

const sameBestieAgain = async (world) => {
  const [ayu, bunga] = world.mitras
  await goes(bunga, "online")
  const customer = await newCustomer(world, "Lina")
  const before = await chats(world, customer, bunga)
  await ends(customer, before)
  const payment = await pays(world, customer, { target_mitra_id: bunga.tokens.user_id })
  const offer = await isOffered(bunga, payment.session_id)
  same(offer.kind, "targeted", "only she is asked")
  say("Lina", "wants Bunga again; only Bunga is asked")
  const { fact } = await told(customer, payment.session_id, "pairing_failed")
  same(fact.cause, "returning_chat_timeout", "she did not answer")
  const request = await customer.phone.call("customer.retry_request", {
    command_id: actionId(),
    payment_id: payment.payment_id
  })
  await isOffered(ayu, request.session_id)
  await accepts(ayu, request.session_id)
  say("Lina", "falls back to everybody on the same payment; Ayu accepts")
  await ends(customer, request.session_id)
}

export const requests = async (world) => {
  await step("a declined and a late accept", () => declinedAndLate(world))
  await step("a failed blast, and a retry on the same payment", () => failedAndAgain(world))
  await step("a queue", () => queue(world))
  await step("the same bestie again, and a fallback", () => sameBestieAgain(world))
}
