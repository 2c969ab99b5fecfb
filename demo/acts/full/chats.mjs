// What may happen to a running chat: more time without an answer and with a no, a mitra who is deactivated,
// and another one who takes over.
import { actionId } from "../../clients.mjs"
import { sleep } from "../../../testkit/phone.mjs"
import { check, refused, same, say, step } from "../../timeline.mjs"
import { chats, confirm, ends, goes, newCustomer, onDuty, told } from "./moves.mjs"

const asksForMore = async (world, customer, sessionId) => {
  const payment = await customer.phone.call("chat.request_extension", {
    command_id: actionId(),
    session_id: sessionId,
    tier_id: world.longTier
  })
  same([payment.product, payment.status], ["extension", "pending"], "more time is paid first")
  await confirm(world, customer, payment)
  return payment
}

const statusOf = async (customer, payment) =>
  (await customer.phone.call("customer.payment_status", { payment_id: payment.payment_id })).status

/** The newest fact of this kind: the second extension of a chat is not its first. */
const after = (sessionId, kind, seq) => (event) =>
  event._tag === "session" && event.session_id === sessionId && event.fact.kind === kind && event.seq > seq

const twoExtensions = async (world) => {
  const [ayu] = world.mitras
  await onDuty(world, [ayu])
  const mega = await newCustomer(world, "Mega")
  const session_id = await chats(world, mega, ayu)
  const first = await asksForMore(world, mega, session_id)
  await told(ayu, session_id, "extension_requested")
  same(await statusOf(mega, first), "confirmed", "nothing is charged before the yes")
  say("Mega", "pays for more time; the paid clock stands still, Ayu says nothing")
  const resumed = await told(mega, session_id, "session_resumed")
  same(resumed.fact.by, "clock", "she is there, so silence is a yes")
  same(await statusOf(mega, first), "consumed", "now it is charged")
  say("Mega", `gets ${resumed.fact.added_seconds} s more: approved by the clock`)

  const second = await asksForMore(world, mega, session_id)
  const asked = (await ayu.phone.event(
    "the second question",
    after(session_id, "extension_requested", resumed.seq)
  )).event
  const answer = { session_id, extension_seq: asked.seq, approve: false }
  await ayu.phone.call("mitra.answer_extension", { command_id: actionId(), ...answer })
  const { fact } = await told(mega, session_id, "closing")
  same(fact.reason, "extension_rejected", "a no ends the chat")
  same(await statusOf(mega, second), "failed_pairing", "and nothing is charged; staff give it back")
  await refused(
    ayu.phone.call("mitra.answer_extension", { command_id: actionId(), ...answer, approve: true }),
    "EXTENSION_RESOLVED",
    "a late yes"
  )
  say("Ayu", "says no to the second one: the chat closes, the money goes back")
  await mega.phone.call("chat.goodbye", { command_id: actionId(), session_id, text: "Makasih" })
}

const inspect = (world, sessionId) => world.staff.call("admin.inspect_session", { session_id: sessionId })

/** Her actor does it right after the deactivation is answered. */
const proposalOf = async (world, sessionId) => {
  for (let asked = 1;; asked++) {
    const page = { status: "open", before: null, limit: 50 }
    const { proposals } = await world.staff.call("admin.session_proposals", page)
    const found = proposals.find((proposal) => proposal.session_id === sessionId)
    if (found !== undefined || asked === 20) return found
    await sleep(250)
  }
}

const deactivatedInAChat = async (world) => {
  const [ayu, bunga, citra] = world.mitras
  await onDuty(world, [citra])
  const nita = await newCustomer(world, "Nita")
  const session_id = await chats(world, nita, citra)
  const mitra_id = citra.tokens.user_id
  await world.staff.call("admin.deactivate_mitra", { command_id: actionId(), mitra_id })
  for (let waited = 0; citra.phone.closed === null && waited < 1_000; waited += 20) await sleep(20)
  same(citra.phone.closed?.code, 4503, "her socket is closed within a second")
  say("Staff", "deactivates Citra in the middle of a chat: her connection ends (4503), the chat does not")
  same((await inspect(world, session_id)).session.status, "active", "the chat is not cut")
  await nita.phone.call("chat.send", {
    session_id,
    client_message_id: actionId(),
    body: "Kak? Masih di sana?"
  })

  const proposal = await proposalOf(world, session_id)
  check(proposal !== undefined, "staff are told that this chat has nobody on the other side")
  say("Staff", "sees the proposal to give Nita's chat to somebody else")
  await goes(bunga, "online")
  const reroute = {
    command_id: actionId(),
    session_id,
    from_mitra_id: mitra_id,
    mitra_id: bunga.tokens.user_id,
    reason: "Citra was deactivated"
  }
  await world.staff.call("admin.reroute", reroute)
  const { fact } = await told(nita, session_id, "rerouted")
  same(fact.mitra_name, "Bunga", "the customer is told who goes on")
  await told(bunga, session_id, "message")
  say("Staff", "gives the chat to Bunga, who reads what was said before")
  const hello = { session_id, client_message_id: actionId(), body: "Halo Nita, aku Bunga" }
  const sent = await bunga.phone.call("chat.send", hello)
  await nita.phone.event(
    "Bunga's message",
    (event) => event._tag === "session" && event.fact.message?.message_id === sent.message_id
  )
  await ends(nita, session_id)
  const { ledger } = await inspect(world, session_id)
  const charged = ledger.entries.reduce((sum, entry) => sum + entry.charged_ms, 0)
  same(charged, ledger.purchased_ms, "every millisecond that was paid for is in the ledger")
  say("--", `the ledger adds up: ${charged} ms in ${ledger.entries.length} entries`)

  await world.staff.call("admin.activate_mitra", { command_id: actionId(), mitra_id })
  const seen = await world.staff.call("admin.inspect_mitra", { mitra_id })
  check(seen.mitra?.is_active ?? seen.is_active, "Citra is active again", seen)
  await goes(ayu, "online")
}

export const runningChats = async (world) => {
  await step("two extensions: one approved by the clock, one rejected", () => twoExtensions(world))
  await step("a mitra is deactivated in a chat, another takes over", () => deactivatedInAChat(world))
}
