// Act three: messages with receipts both ways; then Sari's phone loses its connection in mid-chat and
// comes back, and nothing is lost, doubled or out of order.
import { actionId } from "../clients.mjs"
import { ConnectionLost, reconnectDelayMs, sleep } from "../../testkit/phone.mjs"
import { check, same, say, step } from "../timeline.mjs"

const isMessage = (messageId) => (event) =>
  event._tag === "session" && event.fact.kind === "message" && event.fact.message.message_id === messageId

const send = async (world, from, body) => {
  const client_message_id = actionId()
  const ack = await from.phone.call("chat.send", { session_id: world.sessionId, client_message_id, body })
  say(from.name, `"${body}"  (#${ack.seq})`)
  return { ...ack, client_message_id, body }
}

/** The other phone gets it, says delivered, then read; the sender sees both. */
const isReadBy = async (world, reader, sender, sent) => {
  const side = reader === world.sari ? "customer" : "mitra"
  const { event } = await reader.phone.event(`message #${sent.seq}`, isMessage(sent.message_id))
  same([event.seq, event.fact.message.body], [sent.seq, sent.body], `${reader.name} sees what was sent`)
  same(event.fact.message.client_message_id, sent.client_message_id, "the sender's own id travels along")
  for (const [call, field] of [["chat.delivered", "delivered_seq"], ["chat.read", "read_seq"]]) {
    const cursor = await reader.phone.call(call, { session_id: world.sessionId, seq: sent.seq })
    check(cursor[field] >= sent.seq, `${call} moves ${reader.name}'s cursor`, cursor)
    await sender.phone.event(
      `the receipt of ${call}`,
      (receipt) =>
        receipt._tag === "receipt" && receipt.session_id === world.sessionId && receipt.side === side &&
        receipt[field] >= sent.seq
    )
  }
  say(sender.name, `sees #${sent.seq} delivered and read by ${reader.name}`)
}

const talk = async (world) => {
  const { sari, mitra } = world
  const hello = await send(world, sari, "Halo kak, boleh curhat?")
  same(hello.seq, world.pairedSeq + 1, "the first message follows the pairing in the sequence")
  await isReadBy(world, mitra, sari, hello)
  await mitra.phone.call("chat.typing", { session_id: world.sessionId })
  const { event } = await sari.phone.event(
    "typing",
    (typing) => typing._tag === "typing" && typing.session_id === world.sessionId
  )
  same(event.side, "mitra", "the one who types is the mitra")
  say("Sari", `sees ${mitra.name} typing (for ${event.expires_in_ms} ms)`)
  const answer = await send(world, mitra, "Boleh banget, Sari. Ada apa?")
  await isReadBy(world, sari, mitra, answer)
  same(answer.seq, hello.seq + 1, "both sides share one sequence")
  world.sent = [hello, answer]
}

/** Sari sends, but the answer never reaches her: she cannot know whether it counted. */
const dropsOff = async (world) => {
  const { sari, mitra } = world
  sari.phone.stopReading()
  world.unsure = {
    session_id: world.sessionId,
    client_message_id: actionId(),
    body: "Aku lagi di kereta, sinyalnya jelek"
  }
  const lost = sari.phone.call("chat.send", world.unsure).then(() => null, (error) => error)
  const { event } = await mitra.phone.event(
    "Sari's message",
    (message) =>
      message._tag === "session" && message.fact.kind === "message" &&
      message.fact.message.client_message_id === world.unsure.client_message_id
  )
  world.committed = event
  say("Sari", `"${world.unsure.body}"  (no answer; ${mitra.name} has it as #${event.seq})`)
  sari.phone.cut()
  check(await lost instanceof ConnectionLost, "Sari's app does not know whether it was sent", await lost)
  say("Sari", "loses the connection")
  world.missed = []
  for (const body of ["Halo?", "Nggak apa-apa", "Aku tunggu ya", "Pelan-pelan saja", "Aku di sini"]) {
    world.missed.push(await send(world, mitra, body))
  }
}

const comesBack = async (world) => {
  const { sari } = world
  const before = sari.phone.lastSeq.get(world.sessionId)
  const arrivedBefore = sari.phone.log.length
  await sleep(reconnectDelayMs(sari.phone.closed, 0))
  const snapshot = await sari.phone.resume(sari.tokens.access_token)
  same(snapshot.recovered, [{ session_id: world.sessionId, recovered: true }], "the gap can be filled")
  const session = snapshot.sessions.find((view) => view.session_id === world.sessionId)
  const last = world.missed.at(-1)
  same(
    [session.status, session.last_seq],
    ["active", last.seq],
    "the chat still runs, the snapshot is up to date"
  )
  say("Sari", `is back after ${before}; the snapshot says ${session.last_seq}`)

  await sari.phone.event("the last missed message", isMessage(last.message_id))
  const caughtUp = sari.phone.log.slice(arrivedBefore).map(({ event }) => event)
    .filter((event) => event._tag === "session")
  const expected = [
    [world.committed.seq, world.unsure.body],
    ...world.missed.map((message) => [message.seq, message.body])
  ]
  same(
    caughtUp.map((event) => [event.seq, event.fact.message.body]),
    expected,
    "exactly the missed messages came, in order, none twice"
  )
  say("Sari", `gets exactly what she missed: ${expected.map(([seq]) => `#${seq}`).join(" ")}`)
}

const sendsAgain = async (world) => {
  const { sari, mitra } = world
  const ack = await sari.phone.call("chat.send", world.unsure)
  same(
    [ack.seq, ack.message_id],
    [world.committed.seq, world.committed.fact.message.message_id],
    "the same client_message_id is the same message"
  )
  say("Sari", `sends the unsure one again: it is #${ack.seq} still, not a second message`)
  const thanks = await send(world, sari, "Sudah nyambung lagi, makasih")
  same(thanks.seq, world.missed.at(-1).seq + 1, "the repeat took no number of its own")
  await isReadBy(world, mitra, sari, thanks)
  world.sent.push({ ...world.unsure, ...ack }, ...world.missed, thanks)
}

export const chat = async (world) => {
  await step("messages go both ways, delivered and read", () => talk(world))
  await step("Sari's phone is cut off in mid-chat", () => dropsOff(world))
  await step("Sari comes back and misses nothing", () => comesBack(world))
  await step("Sari repeats what she was unsure of", () => sendsAgain(world))
}
