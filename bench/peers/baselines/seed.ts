// The stack this product replaces, written the cheap way wherever there is a choice: Fastify, ws, postgres
// and ioredis; one INSERT per message, no epoch, no ledger, no dedupe, no key, receipts as plain UPDATEs.
import { randomUUID } from "node:crypto"
import type { Server } from "node:http"
import Fastify from "fastify"
import { Redis } from "ioredis"
import postgres from "postgres"
import {
  type Call,
  event,
  given,
  readToken,
  ready,
  servePhones,
  snapshot,
  type User
} from "./plain-server.ts"

interface Chat {
  readonly customer: string
  mitra: string | null
}

const price = 95_000
const roomOfMitra = 3
const staleMs = 45_000
const beaconAsksMax = 30
const beaconWindowMs = 60_000
const beaconSeconds = 10

const sql = postgres(given.database, { max: 20, onnotice: () => {} })
const redis = new Redis(given.valkey, { enableAutoPipelining: true })
const fastify = Fastify({ logger: false, trustProxy: true })
const chats = new Map<string, Chat>()
const customerOfPayment = new Map<string, string>()

const chatOf = async (id: string): Promise<Chat> => {
  const known = chats.get(id)
  if (known !== undefined && known.mitra !== null) return known
  const [row] = await sql<Array<Chat>>`SELECT customer_id AS customer, mitra_id AS mitra FROM chats
    WHERE id = ${id}`
  if (row === undefined) throw new Error("no such chat")
  chats.set(id, row)
  return row
}

const otherOf = (chat: Chat, user: User): string =>
  user.kind === "customer" ? chat.mitra ?? "" : chat.customer

// With more than one runner whoever is not here is told over Redis; a lone one need not publish.
const listener = given.runners > 1 ? new Redis(given.valkey) : null
listener?.on("message", (channel: string, text: string) => phones.tell(channel, text))
const tell = (user: string, text: string): void => {
  if (!phones.tell(user, text) && listener !== null) void redis.publish(user, text)
}

const send = async (user: User, { body = "", chat = "", id = "" }: Call) => {
  const found = await chatOf(chat)
  if (found[user.kind] !== user.id) return { no: "NOT_A_PARTICIPANT" }
  const [row] = await sql<Array<{ id: string }>>`INSERT INTO messages (chat_id, side, client_message_id, body)
    VALUES (${chat}, ${user.kind}, ${id}, ${body}) RETURNING id`
  const seq = Number(row?.id)
  tell(otherOf(found, user), event({ event: "message", chat, seq, id, side: user.kind, body }))
  return { seq }
}

const receipt = async (user: User, { call, chat = "", seq = 0 }: Call) => {
  const column = sql(`${user.kind}_${call}`)
  await sql`UPDATE chats SET ${column} = greatest(${column}, ${seq}) WHERE id = ${chat}`
  tell(otherOf(await chatOf(chat), user), event({ event: "receipt", chat, seq, kind: call, side: user.kind }))
  return null
}

/** What is running, and what was missed of it. */
const subscribe = async (user: User, { since = [] }: Call) => {
  const mine = user.kind === "customer" ? sql`customer_id = ${user.id}` : sql`mitra_id = ${user.id}`
  const live = await sql`SELECT id, status FROM chats WHERE ${mine} AND ended_at IS NULL`
  phones.tell(user.id, live.length === 0 ? snapshot : event({ event: "snapshot", chats: live }))
  for (const [chat, seq] of since) {
    const missed = await sql`SELECT id, side, client_message_id, body FROM messages
      WHERE chat_id = ${chat} AND id > ${seq} ORDER BY id`
    for (const { body, client_message_id: id, id: number, side } of missed) {
      phones.tell(user.id, event({ event: "message", chat, seq: Number(number), id, side, body }))
    }
  }
  return null
}

/** Everybody online is looked at, as the names of the keys ask for; then as many as a wave takes. */
const candidates = async (): Promise<ReadonlyArray<string>> => {
  const online = await redis.smembers("mitras:online")
  if (online.length === 0) return []
  const [beats, used] = await Promise.all([
    redis.mget(online.map((id) => `mitra:heartbeat:${id}`)),
    redis.mget(online.map((id) => `mitra:capacity:${id}`))
  ])
  const freshAfter = Date.now() - staleMs
  const free = online.filter((_, index) =>
    Number(beats[index]) > freshAfter && Number(used[index] ?? 0) < roomOfMitra
  )
  return given.wave === 0 ? free : free.slice(0, given.wave)
}

const order = async (user: User) => {
  const payment = randomUUID()
  customerOfPayment.set(payment, user.id)
  await sql`INSERT INTO payments (id, customer_id, amount_idr) VALUES (${payment}, ${user.id}, ${price})`
  return { payment, amount: price }
}

const confirmed = async ({ body }: { readonly body: unknown }) => {
  const { external_id } = body as { external_id: string }
  await sql`INSERT INTO webhook_logs (body) VALUES (${JSON.stringify(body)})`
  const customer = customerOfPayment.get(external_id) ?? ""
  await sql`UPDATE payments SET status = 'confirmed' WHERE id = ${external_id}`
  const [chat, asked] = [randomUUID(), await candidates()]
  await sql`INSERT INTO chats (id, payment_id, customer_id) VALUES (${chat}, ${external_id}, ${customer})`
  await sql`INSERT INTO offers (chat_id, mitra_id) SELECT ${chat}, unnest(${asked as Array<string>}::uuid[])`
  chats.set(chat, { customer, mitra: null })
  const text = event({ event: "offer", chat, mode: "chat", topic: "regular", duration_seconds: 3600 })
  for (const mitra of asked) tell(mitra, text)
  return { result: "accepted" }
}
fastify.post("/api/webhooks/payments/builtin", confirmed)

const closeOffers = async (chat: string, ending: string, except: string | null) => {
  const closed = await sql<Array<{ mitra_id: string }>>`UPDATE offers
    SET status = CASE WHEN mitra_id = ${except} THEN 'accepted' ELSE ${ending} END
    WHERE chat_id = ${chat} AND status = 'pending' RETURNING mitra_id`
  const text = event({ event: "offer_closed", chat, ending })
  for (const { mitra_id } of closed) tell(mitra_id, text)
}

const accept = async (user: User, { chat = "" }: Call) => {
  const [won] = await sql<Array<{ customer_id: string; payment_id: string }>>`UPDATE chats
    SET status = 'active', mitra_id = ${user.id}, started_at = now()
    WHERE id = ${chat} AND status = 'pending' RETURNING customer_id, payment_id`
  if (won === undefined) return { no: "OFFER_TAKEN" }
  chats.set(chat, { customer: won.customer_id, mitra: user.id })
  const text = event({ event: "paired", chat, mitra: user.id })
  tell(won.customer_id, text)
  tell(user.id, text)
  await Promise.all([
    closeOffers(chat, "missed", user.id),
    sql`UPDATE payments SET status = 'consumed' WHERE id = ${won.payment_id}`,
    redis.incr(`mitra:capacity:${user.id}`)
  ])
  return null
}

const cancel = async (_user: User, { chat = "" }: Call) => {
  await sql`UPDATE chats SET status = 'cancelled', ended_at = now() WHERE id = ${chat} AND status = 'pending'`
  await closeOffers(chat, "ignored", null)
  return null
}

const end = async (user: User, { chat = "" }: Call) => {
  const found = await chatOf(chat)
  await sql`UPDATE chats SET status = 'completed', ended_at = now() WHERE id = ${chat}`
  await redis.decr(`mitra:capacity:${found.mitra}`)
  tell(otherOf(found, user), event({ event: "other", chat }))
  return null
}

const heartbeat = async (user: User) => {
  const [deactivated] = await Promise.all([
    redis.sismember("mitras:deactivated", user.id),
    redis.set(`mitra:heartbeat:${user.id}`, Date.now())
  ])
  return deactivated === 1 ? { no: "ACCOUNT_INACTIVE" } : { online: true }
}

const online = async (user: User) => {
  await Promise.all([redis.sadd("mitras:online", user.id), heartbeat(user)])
  return null
}

const offline = async (user: User) => {
  await redis.srem("mitras:online", user.id)
  return null
}

const typing = async (user: User, { chat = "" }: Call) => {
  tell(otherOf(await chatOf(chat), user), event({ event: "typing", chat, side: user.kind }))
  return null
}

type Answering = (user: User, call: Call) => Promise<object | null>
const calls: Record<string, Answering> = {
  subscribe,
  send,
  delivered: receipt,
  read: receipt,
  typing,
  heartbeat,
  online,
  offline,
  order,
  cancel,
  accept,
  end
}

const asks = new Map<string, number>()
setInterval(() => asks.clear(), beaconWindowMs).unref()

const isAvailable = async (): Promise<boolean> => {
  const kept = await redis.get("availability:snapshot")
  if (kept !== null) return JSON.parse(kept).available
  const available = (await candidates()).length > 0
  await redis.setex("availability:snapshot", beaconSeconds, JSON.stringify({ available }))
  return available
}

const beaconAnswer = { type: "object", properties: { available: { type: "boolean" } } }
fastify.get(
  "/api/public/bestie/available",
  { schema: { response: { 200: beaconAnswer, 429: { type: "object" } } } },
  async (request, reply) => {
    const count = (asks.get(request.ip) ?? 0) + 1
    asks.set(request.ip, count)
    if (count > beaconAsksMax) return reply.code(429).send({})
    return { available: await isAvailable() }
  }
)

const phones = servePhones(fastify.server as Server, {
  admit: (token) => readToken(token, given.secret),
  answer: (user, call) => calls[call.call]!(user, call),
  came: (user) => void listener?.subscribe(user.id),
  left: (user) => void listener?.unsubscribe(user.id)
})
await fastify.listen({ host: "127.0.0.1", port: given.port })
ready()
