// Chats that run while the phones ask: staff make the mitras, customers pay, both sides talk in turn.
// Measured are the acknowledgement of each message and its way to the other phone.
import { randomUUID } from "node:crypto"
import { Phone, Refused, sleep } from "../../testkit/phone.mjs"

const chatsPerMitra = 3
const dayMs = 86_400_000
const pairedWithinMs = 30_000

const staffCall = async ({ internal, staff_token }, tag, payload) => {
  const answer = await fetch(`${internal}/rpc`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(staff_token === undefined ? {} : { authorization: `Bearer ${staff_token}` })
    },
    body: JSON.stringify([{ _tag: "Request", id: "1", tag, payload, headers: [] }])
  })
  const [frame] = await answer.json()
  if (frame?.exit?._tag === "Success") return frame.exit.value
  throw new Error(`${tag}: ${JSON.stringify(frame?.exit?.cause ?? answer.status)}`)
}

const signedInStaff = async (chatting) => {
  const { admin_email: email, admin_password: password, internal } = chatting
  const { access_token } = await staffCall({ internal }, "admin.sign_in", { email, password })
  const staff = { internal, staff_token: access_token }
  // Making mitras is asked for with the password once more.
  await staffCall(staff, "admin.step_up", { password, code: null })
  return staff
}

const phoneNumber = (number) => `+62878${String(Date.now() % 10_000_000 + number).padStart(7, "0")}`

const measured = async (figures, kind, work) => {
  const began = performance.now()
  try {
    const value = await work()
    figures.answered(kind, performance.now() - began)
    return value
  } catch (error) {
    figures.failedWith(kind, error.code ?? error.message)
    return undefined
  }
}

/** Every event of this phone, as it comes. */
const onEvent = (phone, hear) =>
  phone.event("all of the stream", (event) => (hear(event), false), dayMs).catch(() => {})

const mitraOnline = async (load, chatting, staff, number) => {
  const phone = new Phone(load.url)
  const number_of_hers = phoneNumber(number)
  await staffCall(staff, "admin.mitra_create", { display_name: `Load ${number}`, phone: number_of_hers })
  await phone.connect()
  const who = { phone: number_of_hers, user_type: "mitra", code: chatting.code }
  const { access_token } = await phone.call("auth.verify_code", who)
  await phone.authenticate(access_token)
  onEvent(phone, (event) => {
    if (event._tag !== "offer") return
    const { session_id } = event.offer
    phone.call("mitra.accept", { command_id: randomUUID(), session_id })
      // Another one was faster: that is no error.
      .catch((error) => error instanceof Refused || load.figures.failedWith("mitra.accept", error.message))
  })
  await phone.subscribe()
  await phone.call("mitra.go_online", { command_id: randomUUID() })
  const beat = () => measured(load.figures, "mitra.heartbeat", () => phone.call("mitra.heartbeat", {}))
  await beat()
  return { phone, beats: setInterval(beat, load.scenario.mitras.heartbeat_every_ms) }
}

const paid = async (chatting, phone, tier_id) => {
  const order = { command_id: randomUUID(), tier_id, topic: "regular" }
  const { amount_idr, payment_id } = await phone.call("customer.create_payment", order)
  const answer = await fetch(`${chatting.http}/api/webhooks/payments/builtin`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": chatting.webhook_token },
    body: JSON.stringify({
      external_id: payment_id,
      status: "PAID",
      amount: amount_idr,
      id: `load-${payment_id}`
    })
  })
  if (answer.status !== 200) throw new Error(`the webhook answered ${answer.status}`)
}

const talk = async (load, phone, session_id, isDue) => {
  const { message_every_ms } = load.scenario.chats
  while (!load.isOver) {
    const client_message_id = `${randomUUID()}`
    load.sentAt.set(client_message_id, performance.now())
    await measured(
      load.figures,
      "chat.send",
      () => phone.call("chat.send", { session_id, client_message_id, body: "as long as a sentence is" })
    )
    await sleep(message_every_ms * (0.5 + Math.random()) * (isDue ? 1 : 2))
  }
}

const customerChatting = async (load, chatting, number) => {
  const phone = new Phone(load.url)
  await phone.connect()
  const { access_token } = await phone.call("auth.sign_in_anonymous", { call_name: `chat ${number}` })
  await phone.authenticate(access_token)
  const paired = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no mitra took the chat")), pairedWithinMs).unref()
    onEvent(phone, (event) => event.fact?.kind === "paired" && resolve(event.session_id))
  })
  await phone.subscribe()
  await paid(chatting, phone, load.scenario.chats.tier)
  return { phone, session_id: await paired }
}

/** From the acknowledging turn of one phone to the screen of the other. */
const noteArrival = (load) => (event) => {
  const id = event.fact?.message?.client_message_id
  const sentAt = id === undefined ? undefined : load.sentAt.get(id)
  if (sentAt === undefined) return
  load.sentAt.delete(id)
  load.figures.answered("message on the other screen", performance.now() - sentAt)
}

/** Pairs all of them, one after the other, and lets them talk; answers how to hang up. */
export const startChats = async (load, chatting) => {
  const { count } = load.scenario.chats
  if (count === 0) return () => {}
  const staff = await signedInStaff(chatting)
  const mitras = []
  for (let number = 0; number < Math.ceil(count / chatsPerMitra); number++) {
    const mitra = await mitraOnline(load, chatting, staff, number)
    onEvent(mitra.phone, noteArrival(load))
    mitras.push(mitra)
  }
  const customers = []
  for (let number = 0; number < count; number++) {
    const customer = await measured(
      load.figures,
      "paid and paired",
      () => customerChatting(load, chatting, number)
    )
    if (customer === undefined) continue
    customers.push(customer)
    void talk(load, customer.phone, customer.session_id, true)
  }
  return () => {
    for (const { beats, phone } of mitras) {
      clearInterval(beats)
      phone.hangUp()
    }
    for (const { phone } of customers) phone.hangUp()
  }
}
