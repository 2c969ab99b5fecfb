// The provider's webhook in any order and number: before anything was paid, twice at once, after the fact,
// with another amount, for an unknown payment. One payment is one request and one charge.
import { actionId } from "../../clients.mjs"
import { same, say, step } from "../../timeline.mjs"
import { accepts, ends, isOffered, newCustomer, notify } from "./moves.mjs"

const resultOf = async (answer) => [answer.status, (await answer.json()).result]

const anyOrder = async (world) => {
  const [ayu] = world.mitras
  const putri = await newCustomer(world, "Putri")
  const payment = await putri.phone.call("customer.create_payment", {
    command_id: actionId(),
    tier_id: world.longTier,
    topic: "regular"
  })
  const { amount_idr: amount, payment_id } = payment
  const hears = (status, given = amount, external_id = payment_id) =>
    notify(world, { id: `demo-${external_id}`, external_id, status, amount: given }).then(resultOf)
  const status = () => putri.phone.call("customer.payment_status", { payment_id })

  same(await hears("EXPIRED"), [200, "ignored"], "\"expired\" before \"paid\" is acknowledged and ignored")
  same(await hears("PAID", amount + 1), [200, "amount_mismatch"], "another amount confirms nothing")
  same((await status()).status, "pending", "the payment waits still")
  same(await hears("PAID", amount, crypto.randomUUID()), [200, "ignored"], "nobody's payment is nobody's")
  say(
    "--",
    "the provider says \"expired\", then another amount, then somebody else's payment: nothing happens"
  )

  const twice = await Promise.all([hears("PAID"), hears("PAID")])
  same(twice, [[200, "accepted"], [200, "accepted"]], "both deliveries are acknowledged")
  const { session_id } = await status()
  await isOffered(ayu, session_id)
  await accepts(ayu, session_id)
  same(await hears("PAID"), [200, "accepted"], "a third one, when it is used up already")
  same(await hears("EXPIRED"), [200, "ignored"], "and an old \"expired\" that was held up")
  const after = await status()
  same([after.status, after.session_id], ["consumed", session_id], "one payment, one request, one charge")
  say("--", "\"paid\" twice at once, once more and \"expired\" after the pairing: one request, charged once")
  await ends(putri, session_id)
}

export const webhooks = (world) => step("webhooks twice and out of order", () => anyOrder(world))
