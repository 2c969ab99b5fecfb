// What waits in the push outbox: staff hold the worker, look at what a request and a message leave there, and
// let it go on; a push that has become useless meanwhile is gone.
import { actionId } from "../../clients.mjs"
import { sleep } from "../../../testkit/phone.mjs"
import { check, same, say, step } from "../../timeline.mjs"
import { chats, ends, newCustomer, onDuty } from "./moves.mjs"
import { set } from "./settings.mjs"

const outbox = (world) => world.staff.call("admin.push_outbox", {})

const countOf = ({ open }, kind) => open.find((each) => each.kind === kind)?.count ?? 0

const heldBack = async (world) => {
  const [ayu] = world.mitras
  await onDuty(world, [ayu])
  await ayu.phone.call("devices.register", { token: `demo-phone-of-${ayu.name}`, platform: "android" })
  const before = await outbox(world)
  await set(world, "push_paused", true)
  const putri = await newCustomer(world, "Putri")
  const session_id = await chats(world, putri, ayu)
  await putri.phone.call("chat.send", { session_id, client_message_id: actionId(), body: "Halo Kak" })
  const held = await outbox(world)
  check(held.paused, "the worker is held")
  same(countOf(held, "paired"), countOf(before, "paired") + 1, "the customer's pairing waits to be pushed")
  same(countOf(held, "message"), countOf(before, "message") + 1, "and so does the message for Ayu")
  same(
    countOf(held, "offer"),
    countOf(before, "offer"),
    "the offer that was answered does not: cancelled with it"
  )
  say(
    "Staff",
    `holds the pushes: ${held.open.map(({ count, kind }) => `${count} ${kind}`).join(", ")} in the outbox`
  )
  await set(world, "push_paused", false)
  await ends(putri, session_id)
  say("--", `${held.provider} is the provider; ${held.dead_letters} dead letters`)
  await sleep(1_500)
  const { costs } = await world.staff.call("admin.push_costs", { days: 1 })
  check(Array.isArray(costs), "staff see what pushing costs, per day and kind", costs)
}

export const pushes = (world) => step("staff look into the push outbox", () => heldBack(world))
