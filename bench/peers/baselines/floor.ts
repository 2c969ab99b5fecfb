// The floor on Node: plain `ws` and `node:http`, messages of all chats in one INSERT per commit, everything
// else in memory. It promises nothing but that an acknowledged message is in Postgres.
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
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
  readonly asked: ReadonlyArray<string>
  mitra: string
}

const price = 95_000
const sql = postgres(given.database, { max: 4, onnotice: () => {} })
const chats = new Map<string, Chat>()
const payments = new Map<string, string>()
const mitras = new Map<string, number>()
const used = new Map<string, number>()
const roomOfMitra = 3
let lastSeq = 0

/** Whatever came while the last write was under way goes into the next one. */
const grouped = <A>(write: (rows: ReadonlyArray<A>) => Promise<unknown>) => {
  let rows: Array<A> = []
  let waiting: Array<() => void> = []
  let isWriting = false
  const flush = async () => {
    if (isWriting || rows.length === 0) return
    isWriting = true
    const [group, told] = [rows, waiting]
    rows = []
    waiting = []
    await write(group)
    isWriting = false
    for (const one of told) one()
    void flush()
  }
  return (row: A) =>
    new Promise<void>((resolve) => {
      rows.push(row)
      waiting.push(resolve)
      // After the frames that are here already.
      if (rows.length === 1 && !isWriting) setImmediate(() => void flush())
    })
}

interface Message {
  readonly chat: string
  readonly side: string
  readonly id: string
  readonly body: string
}

const column = <A>(rows: ReadonlyArray<A>, of: (row: A) => string): Array<string> => rows.map(of)

const writeMessage = grouped<Message>((rows) =>
  sql`INSERT INTO messages (chat_id, side, client_message_id, body)
    SELECT * FROM unnest(${column(rows, ({ chat }) => chat)}::uuid[], ${
    column(rows, ({ side }) => side)
  }::text[],
      ${column(rows, ({ id }) => id)}::text[], ${column(rows, ({ body }) => body)}::text[])`
)

const cursors = ["customer_delivered", "customer_read", "mitra_delivered", "mitra_read"] as const

interface Cursor {
  readonly chat: string
  readonly of: string
  readonly seq: number
}

// One writer for all of them: two at once would meet in the same rows in different orders.
const writeCursor = grouped<Cursor>((rows) => {
  const [delivered, read, hers, herRead] = cursors.map((name) =>
    column(rows, ({ of, seq }) => of === name ? String(seq) : "0")
  )
  return sql`UPDATE chats SET customer_delivered = greatest(customer_delivered, given.a),
      customer_read = greatest(customer_read, given.b), mitra_delivered = greatest(mitra_delivered, given.c),
      mitra_read = greatest(mitra_read, given.d)
    FROM (
      SELECT id, max(a) AS a, max(b) AS b, max(c) AS c, max(d) AS d
      FROM unnest(${column(rows, ({ chat }) => chat)}::uuid[], ${delivered!}::bigint[], ${read!}::bigint[],
        ${hers!}::bigint[], ${herRead!}::bigint[]) AS row (id, a, b, c, d)
      GROUP BY id
    ) AS given
    WHERE chats.id = given.id`
})

const otherOf = (id: string, user: User): string => {
  const chat = chats.get(id)
  return (user.kind === "customer" ? chat?.mitra : chat?.customer) ?? ""
}

const send = async (user: User, { body = "", chat = "", id = "" }: Call) => {
  const seq = ++lastSeq
  await writeMessage({ chat, side: user.kind, id, body })
  phones.tell(otherOf(chat, user), event({ event: "message", chat, seq, id, side: user.kind, body }))
  return { seq }
}

const receipt = async (user: User, { call, chat = "", seq = 0 }: Call) => {
  await writeCursor({ chat, of: `${user.kind}_${call}`, seq })
  phones.tell(otherOf(chat, user), event({ event: "receipt", chat, seq, side: user.kind }))
  return null
}

const confirm = async (payment: string) => {
  const id = randomUUID()
  const free = [...mitras.keys()].filter((mitra) => (used.get(mitra) ?? 0) < roomOfMitra)
  const chat = {
    customer: payments.get(payment) ?? "",
    mitra: "",
    asked: given.wave === 0 ? free : free.slice(0, given.wave)
  }
  chats.set(id, chat)
  await sql`WITH opened AS (
      INSERT INTO chats (id, payment_id, customer_id) VALUES (${id}, ${payment}, ${chat.customer})
    )
    INSERT INTO offers (chat_id, mitra_id) SELECT ${id}, unnest(${chat.asked}::uuid[])`
  const text = event({ event: "offer", chat: id })
  for (const mitra of chat.asked) phones.tell(mitra, text)
}

const accept = async (user: User, { chat: id = "" }: Call) => {
  const chat = chats.get(id)
  if (chat === undefined || chat.mitra !== "") return { no: "OFFER_TAKEN" }
  chat.mitra = user.id
  used.set(user.id, (used.get(user.id) ?? 0) + 1)
  await sql`UPDATE chats SET status = 'active', mitra_id = ${user.id}, started_at = now() WHERE id = ${id}`
  const text = event({ event: "paired", chat: id })
  phones.tell(chat.customer, text)
  phones.tell(user.id, text)
  return null
}

const close = async (status: string, { chat: id = "" }: Call) => {
  const chat = chats.get(id)!
  await sql`UPDATE chats SET status = ${status}, ended_at = now() WHERE id = ${id}`
  used.set(chat.mitra, (used.get(chat.mitra) ?? 1) - 1)
  const text = event({ event: "offer_closed", chat: id })
  if (status === "cancelled") { for (const mitra of chat.asked) phones.tell(mitra, text) }
  return null
}

const answer = (user: User, call: Call): Promise<object | null> | object | null => {
  switch (call.call) {
    case "subscribe":
      phones.tell(user.id, snapshot)
      return null
    case "send":
      return send(user, call)
    case "heartbeat":
    case "online":
      mitras.set(user.id, Date.now())
      return null
    case "offline":
      mitras.delete(user.id)
      return null
    case "order": {
      const payment = randomUUID()
      payments.set(payment, user.id)
      return { payment, amount: price }
    }
    case "accept":
      return accept(user, call)
    case "cancel":
      return close("cancelled", call)
    case "end":
      return close("completed", call)
    case "typing":
      phones.tell(otherOf(call.chat ?? "", user), event({ event: "typing", chat: call.chat }))
      return null
    default:
      return receipt(user, call)
  }
}

const server = createServer((request, response) => {
  if (request.method === "GET") {
    const text = event({ available: mitras.size > 0 })
    response.setHeader("content-type", "application/json")
    return void response.setHeader("content-length", text.length).end(text)
  }
  let body = ""
  request.on("data", (part) => (body += String(part)))
  request.on("end", () => void confirm(JSON.parse(body).external_id).then(() => response.end("{}")))
})
const phones = servePhones(server, { admit: (token) => readToken(token, null), answer })
server.listen(given.port, "127.0.0.1", ready)
