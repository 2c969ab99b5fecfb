// One chat that never seems to end, on a real database and a manual clock: more than a hundred extensions,
// then tens of thousands of messages, a server that is started anew, and a customer who comes back days
// behind. The ledger adds up, resuming tells the truth, and the chat ends to the millisecond.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { isBalanced } from "../../src/domain/ledger.ts"
import { Phone } from "../../testkit/phone.mjs"
import { freshDatabaseUrl } from "../support/postgres.ts"
import {
  freePorts,
  type Ports,
  seedDatabase,
  type ServerProcess,
  spawnRunner,
  whenReady
} from "../support/server-process.ts"
import { type Books, booksOf } from "./fault-books.ts"
import { commandId, confirm, history, isFact, pair, send } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const start = "2030-01-07T09:00:00.000Z"
const minute = 60_000
const extensions = 110
/** So many orders an hour are allowed to a customer on the first day. */
const ordersAtOnce = 11
const planted = 30_000
/** An hour before the paid time is over; nobody was there for four days. */
const daysLater = "2030-01-11T23:00:00.000Z"

interface Guest {
  phone: Phone
  // The wire's JSON as it came.
  // oxlint-disable-next-line typescript/no-explicit-any
  tokens: any
}

const arrive = async (server: ServerProcess, tag: string, payload: object): Promise<Guest> => {
  const phone = new Phone(server.socketUrl)
  await phone.connect()
  const tokens = await phone.call(tag, payload)
  await phone.authenticate(tokens.access_token)
  await phone.subscribe()
  return { phone, tokens }
}

const asPerson = ({ phone, tokens }: Guest) => ({ phone, token: tokens.access_token, id: tokens.user_id })

/** Staff's token ends as everybody's does. */
const advance = async (server: ServerProcess, duration_ms: number) =>
  adminCall(server, await signInAdmin(server), "clock.advance", { duration_ms })

/** Half an hour of the product's time, in which the apps refresh their tokens. */
const halfAnHour = async (server: ServerProcess, guests: ReadonlyArray<Guest>): Promise<void> => {
  await advance(server, 30 * minute)
  for (const guest of guests) {
    guest.tokens = await guest.phone.call("auth.refresh", { refresh_token: guest.tokens.refresh_token })
    await guest.phone.authenticate(guest.tokens.access_token)
  }
}

const extend = async (server: ServerProcess, sari: Guest, ayu: Guest, session_id: string): Promise<void> => {
  const order = { command_id: commandId(), session_id, tier_id: "chat_60" }
  const { amount_idr, payment_id } = await sari.phone.call("chat.request_extension", order)
  const known = ayu.phone.lastSeq.get(session_id) ?? 0
  assert.strictEqual((await confirm(server, payment_id, amount_idr)).status, 200)
  const isNew = (event: { seq: number }) => event.seq > known
  const asked = await ayu.phone.event(
    "the extension",
    (event) => isFact("extension_requested")(event) && isNew(event),
    10_000
  )
  const yes = { command_id: commandId(), session_id, extension_seq: asked.event.seq, approve: true }
  await ayu.phone.call("mitra.answer_extension", yes)
}

const medianMs = (waits: ReadonlyArray<number>): number =>
  waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] ?? 0

const acknowledgedIn = async (who: Guest, session_id: string): Promise<number> => {
  const waits: Array<number> = []
  for (let said = 0; said < 50; said++) {
    const began = performance.now()
    await send(asPerson(who), session_id, `said ${said}`)
    waits.push(performance.now() - began)
  }
  return medianMs(waits)
}

/** As if they had been written meanwhile; nobody could wait for thirty thousand. */
const plant = async ({ query }: Books, session_id: string): Promise<number> => {
  const [row] = await query(
    `SELECT last_seq::int AS last_seq, customer_id FROM chat_sessions WHERE id = '${session_id}'`
  )
  await query(
    `INSERT INTO messages (session_id, seq, message_id, client_message_id, side, sender_id, body, sent_at)
    SELECT '${session_id}', ${row.last_seq} + n, gen_random_uuid(), 'planted-' || n, 'customer',
      '${row.customer_id}', 'planted ' || n, now() FROM generate_series(1, ${planted}) AS n`
  )
  await query(`UPDATE chat_sessions SET last_seq = last_seq + ${planted} WHERE id = '${session_id}'`)
  return row.last_seq
}

const started = (url: string, ports: Ports, environment: Readonly<Record<string, string>>) =>
  Effect.tap(spawnRunner(url, ports, { CLOCK: "simulated", ...environment }), whenReady)

/** Buys hour after hour; nobody may order them all at once. */
const buy = async (server: ServerProcess) => {
  const setting = { key: "mitra_ping_required", value: false }
  await adminCall(server, await signInAdmin(server), "admin.settings_write", setting)
  const account = { phone: "+628110000001", user_type: "mitra", code: "000000" }
  const ayu = await arrive(server, "auth.verify_code", account)
  const sari = await arrive(server, "auth.sign_in_anonymous", { call_name: "Sari" })
  await ayu.phone.call("mitra.go_online", { command_id: commandId() })
  const session = await pair(server, asPerson(sari), asPerson(ayu), "chat_60")
  const quick = await acknowledgedIn(sari, session)
  for (let bought = 1; bought <= extensions; bought++) {
    if (bought % ordersAtOnce === 0) {
      for (let half = 0; half < 2; half++) await halfAnHour(server, [sari, ayu])
    }
    await extend(server, sari, ayu, session)
  }
  const slow = await acknowledgedIn(sari, session)
  assert.isBelow(slow, 3 * quick + 5, "a message costs the same when the ledger is long")
  return { sari, ayu, session }
}

/** Another connection, another day: with the sequence that she has. */
const returned = async (server: ServerProcess, guest: Guest, session: string, seq: number) => {
  const phone = new Phone(server.socketUrl)
  phone.lastSeq.set(session, seq)
  await phone.connect()
  const { refresh_token } = guest.tokens
  const tokens = await phone.call("auth.refresh", { refresh_token })
  await phone.authenticate(tokens.access_token)
  return { guest: { phone, tokens }, snapshot: await phone.subscribe() }
}

const comeBack = async (
  server: ServerProcess,
  { ayu, sari, session }: Awaited<ReturnType<typeof buy>>,
  had: number
) => {
  const far = await returned(server, sari, session, had)
  assert.deepStrictEqual(far.snapshot.recovered, [{ session_id: session, recovered: false }])
  const [view] = far.snapshot.sessions
  assert.strictEqual(view.last_seq, had + planted)
  const near = await returned(server, ayu, session, had + planted - 400)
  assert.deepStrictEqual(near.snapshot.recovered, [{ session_id: session, recovered: true }])
  await near.guest.phone.event("the last that was missed", (event) => event.seq === had + planted, 10_000)
  assert.lengthOf(near.guest.phone.log.filter(({ event }) => event._tag === "session"), 400)
  assert.isAtLeast(near.snapshot.sessions[0].unread, planted)

  const read = await history(asPerson(far.guest), session)
  assert.lengthOf(read, planted + 100)
  assert.isTrue(read.every(([seq], index) => index === 0 || seq > read[index - 1]![0]), "in order, each once")
  const { seq } = await send(asPerson(far.guest), session, "I am back")
  assert.strictEqual(seq, had + planted + 1)
  return { ayu: near.guest, sari: far.guest, endsAt: Date.parse(view.ends_at) }
}

const untilOver = async (
  server: ServerProcess,
  sari: Guest,
  session_id: string,
  endsAt: number
): Promise<void> => {
  const isClosing = isFact("closing")
  await halfAnHour(server, [sari])
  await advance(server, endsAt - Date.parse(daysLater) - 30 * minute - 1)
  assert.isFalse(sari.phone.log.some(({ event }) => isClosing(event)), "not a millisecond too early")
  await advance(server, 1)
  const { event } = await sari.phone.event("closing", isClosing, 10_000)
  assert.strictEqual(Date.parse(event.at), endsAt)
  await sari.phone.call("chat.goodbye", { command_id: commandId(), session_id, text: "finally" })
  await sari.phone.event("completed", isFact("completed"), 10_000)
}

describe("a chat of days", { timeout: 300_000 }, () => {
  it.live("with 110 extensions and 30,000 messages keeps its ledger, numbers, speed and end", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const books = yield* booksOf(url)
      const ports = yield* Effect.promise(() => freePorts(true))
      const first = yield* started(url, ports, {})
      const bought = yield* Effect.promise(() => buy(first))
      assert.strictEqual(yield* first.end("SIGTERM"), 0)
      const had = yield* Effect.promise(() => plant(books, bought.session))

      const second = yield* started(url, ports, { CLOCK_START: daysLater })
      yield* Effect.promise(async () => {
        const { endsAt, sari } = await comeBack(second, bought, had)
        assert.strictEqual(endsAt, Date.parse(start) + (extensions + 1) * 60 * minute)
        await untilOver(second, sari, bought.session, endsAt)
        await books.assertAtEnd(new Map())
        const [row] = await books.query(`SELECT ledger FROM chat_sessions WHERE id = '${bought.session}'`)
        assert.isTrue(isBalanced(row.ledger))
        assert.strictEqual(row.ledger.purchased_ms, (extensions + 1) * 60 * minute)
      })
    }))
})
