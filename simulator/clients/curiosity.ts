// What people do with an app besides chatting: they look at what is unread and unpaid, page through a
// chat, try what is not allowed, mistype a code, and sign out. All of it draws from a stream of its own.
import * as Effect from "effect/Effect"
import type { Prng } from "../kernel/prng.ts"
import { devCode } from "../server/runner.ts"
import type { Answer } from "./connection.ts"
import { type Client, tryTo } from "./client.ts"
import type { ClientSession } from "./client-state.ts"
import { stranger } from "./stranger.ts"

type Deed = (client: Client, prng: Prng, session: ClientSession | null) => Effect.Effect<unknown>

const unknownId = "00000000-0000-7000-8000-00000000dead"
const longest = 4_000

const looks: Deed = (client) => tryTo(client, "chat.unread", {}, 20_000)

/** Any page of the chat, in either direction. */
const pages: Deed = (client, prng, session) => {
  if (session === null) return Effect.void
  const seq = prng.integer(0, session.last_seq + 2)
  const forwards = prng.chance(0.5)
  const range = { before_seq: forwards ? null : seq + 1, after_seq: forwards ? seq : null }
  const both = prng.chance(0.1) ? { before_seq: seq + 1, after_seq: seq } : range
  return tryTo(
    client,
    "chat.history",
    { session_id: session.id, ...both, limit: prng.pick([1, 3, 20]) },
    20_000
  )
}

/** Nothing that can be seen, as much as fits, and one character more. */
const bodies = ["   ", "\u200b", "x".repeat(longest), "x".repeat(longest + 1), "👋".repeat(longest)]

const oddMessages: Deed = Effect.fnUntraced(function*(client, prng, session) {
  if (session === null) return
  const body = prng.pick(bodies)
  const message = { session_id: session.id, client_message_id: client.app.newId(), body }
  const sent = yield* tryTo(client, "chat.send", message, 20_000)
  if (sent === null) return
  const { app, context: { world } } = client
  app.clientState.acknowledge(session.id, message.client_message_id, body, sent, world.time.now_ms)
})

const notAllowed: Deed = Effect.fnUntraced(function*(client, prng, session) {
  const { app, side } = client
  const session_id = session?.id ?? unknownId
  const command = () => ({ command_id: app.newId(), session_id })
  if (side === "customer") yield* tryTo(client, "chat.topic", { ...command(), topic: "sensitive" }, 20_000)
  else if (prng.chance(0.2)) yield* tryTo(client, "chat.goodbye", { ...command(), text: "too early" }, 20_000)
  yield* tryTo(client, "chat.read", { session_id, seq: 1_000_000 }, 20_000)
})

const ofOthers: Deed = Effect.fnUntraced(function*(client, prng) {
  const { app, side } = client
  const all = [...client.context.world.stores.tables.chat_sessions.keys()]
  const session_id = all.length > 0 && prng.chance(0.7) ? prng.pick(all.slice(-20)) : unknownId
  if (app.clientState.sessions.has(session_id)) return
  yield* tryTo(client, "chat.send", { session_id, client_message_id: app.newId(), body: "hello?" }, 20_000)
  yield* tryTo(client, "chat.typing", { session_id }, 5_000)
  yield* tryTo(client, "chat.history", { session_id, before_seq: null, after_seq: null, limit: 5 }, 20_000)
  if (side === "mitra") yield* tryTo(client, "mitra.accept", { command_id: app.newId(), session_id }, 20_000)
})

/** What others ordered, where they are signed in, whom they blocked: nobody else's to ask about. */
const thingsOfOthers: Deed = Effect.fnUntraced(function*(client, prng) {
  const { app, context: { world: { stores: { tables } } }, side } = client
  const lately = <Row>(rows: Iterable<Row>) => [...rows].slice(-20)
  const payments = lately(tables.payment_requests.values()).filter(({ customer_id }) =>
    customer_id !== app.id
  )
  const signIns = lately(tables.auth_sessions.values()).filter(({ user_id }) => user_id !== app.id)
  const blocks = lately(tables.blocks.values()).filter((row) => row[`${row.by_side}_id`] !== app.id)
  if (side === "customer" && payments.length > 0) {
    const payment_id = prng.pick(payments).id
    yield* tryTo(client, "customer.payment_status", { payment_id }, 20_000)
    yield* tryTo(client, "customer.retry_request", { command_id: app.newId(), payment_id }, 20_000)
    yield* tryTo(client, "customer.abandon_payment", { payment_id }, 20_000)
  }
  if (signIns.length > 0) {
    yield* tryTo(client, "auth.end_sign_in", { sign_in_id: prng.pick(signIns).family_id }, 20_000)
  }
  if (blocks.length > 0) yield* tryTo(client, "trust.unblock", { block_id: prng.pick(blocks).id }, 20_000)
})

/** From the newest on, a few at a time. */
const pagesBack: Deed = Effect.fnUntraced(function*(client, prng) {
  const isOffers = client.side === "mitra" && prng.chance(0.5)
  const limit = prng.pick([1, 2, 3])
  let before: string | null = null
  for (let page = 0; page < 4; page += 1) {
    const tag = isOffers ? "mitra.requests" : "chat.sessions"
    const found: Answer | null = yield* tryTo(client, tag, { before, limit }, 20_000)
    before = found?.["next"] ?? null
    if (before === null) return
  }
})

const purse: Deed = Effect.fnUntraced(function*(client, prng) {
  const { app, side } = client
  if (side === "mitra") return
  const open = yield* tryTo(client, "customer.pending_payments", {}, 20_000)
  const payments: ReadonlyArray<Answer> = open?.["payments"] ?? []
  const order = { command_id: app.newId(), topic: "regular" }
  yield* tryTo(client, "customer.payment_status", { payment_id: unknownId }, 20_000)
  yield* tryTo(client, "customer.create_payment", { ...order, tier_id: "nothing" }, 20_000)
  yield* tryTo(
    client,
    "customer.create_payment",
    { ...order, tier_id: "chat_5", target_mitra_id: unknownId },
    20_000
  )
  const pending = payments.find(({ status }) => status === "pending")
  if (pending === undefined || !prng.chance(0.2)) return
  const { payment_id } = pending
  yield* tryTo(client, "customer.retry_request", { command_id: app.newId(), payment_id }, 20_000)
})

const device: Deed = Effect.fnUntraced(function*(client, prng) {
  const token = `phone of ${client.app.name}`
  yield* tryTo(client, "devices.drop", { token }, 20_000)
  yield* Effect.sleep(prng.between(1_000, 60_000))
  yield* tryTo(client, "devices.register", { token, platform: "android" }, 20_000)
})

/** A phone that nobody has; what is typed wrong five times must be asked for anew. */
const mistypes: Deed = (client, prng) =>
  stranger(
    client.context,
    client.app,
    "public",
    Effect.fnUntraced(function*(ask) {
      const phone = `+62815${prng.integer(100_000, 999_999)}`
      const whose = { phone, user_type: "customer" }
      yield* ask("auth.providers", {})
      yield* ask("customer.pricing", {})
      yield* ask("auth.verify_code", { ...whose, code: devCode })
      yield* ask("auth.request_code", { ...whose, phone: prng.pick(["0812", "+15550100000"]) })
      yield* ask("auth.request_code", { phone, user_type: "mitra" })
      yield* ask("auth.request_code", whose)
      yield* ask("auth.request_code", whose)
      yield* ask("auth.verify_code", { ...whose, code: "nonsense" })
      const tries = prng.pick([1, 6])
      for (let attempt = 0; attempt < tries; attempt += 1) {
        yield* ask("auth.verify_code", { ...whose, code: "111111" })
      }
      if (prng.chance(0.3)) {
        yield* Effect.sleep(prng.between(299_000, 302_000))
      }
      yield* ask("auth.verify_code", { ...whose, code: devCode })
      yield* ask("auth.verify_code", { ...whose, code: devCode })
      yield* ask("auth.refresh", { refresh_token: "never given to anybody" })
      yield* ask("auth.authenticate", { access_token: "never given to anybody" })
    })
  )

/** Two phones with one token: the first gets its successor and goes on with it, the other comes later. */
const copiesToken: Deed = Effect.fnUntraced(function*(client, prng, session) {
  const { app, context } = client
  const refresh_token = app.tokens?.refresh_token ?? null
  // Who has a chat would lose it, being signed out.
  if (refresh_token === null || session !== null || !prng.chance(0.2)) return
  const isLate = prng.chance(0.7)
  yield* stranger(
    context,
    app,
    "public",
    Effect.fnUntraced(function*(ask) {
      const shown = ask("auth.refresh", { refresh_token })
      // Now and then in one instant.
      const both = prng.chance(0.4)
        ? Effect.all([shown, shown], { concurrency: 2 })
        : Effect.map(shown, Array.of)
      const [fresh = null] = yield* both
      if (fresh === null) return
      if (isLate) app.adopt(fresh as NonNullable<typeof app.tokens>)
      yield* Effect.sleep(isLate ? prng.between(9_000, 40_000) : prng.between(0, 9_000))
      yield* ask("auth.refresh", { refresh_token })
    })
  )
})

const deeds: ReadonlyArray<Deed> = [
  looks,
  looks,
  pages,
  pages,
  oddMessages,
  notAllowed,
  ofOthers,
  thingsOfOthers,
  pagesBack,
  purse,
  device,
  copiesToken,
  mistypes
]

/** Now and then, for as long as the app runs. */
export const curiosity = (client: Client): Effect.Effect<void> => {
  const { app, isWindingDown, workload } = client
  const prng = app.prng.split(`curiosity/${client.context.world.time.now_us}`)
  if (workload.curious_per_hour <= 0) return Effect.void
  const next = Effect.suspend(() => {
    if (isWindingDown()) return Effect.never
    const sessions = [...app.clientState.live]
    const session = sessions.length === 0 ? null : prng.pick(sessions)
    return prng.pick(deeds)(client, prng, session)
  })
  const pause = Effect.suspend(() => Effect.sleep(prng.exponential(3_600_000 / workload.curious_per_hour)))
  return Effect.forever(Effect.andThen(pause, Effect.ignore(next)))
}

/** Out of the app before it is put away, now and then everywhere. */
export const maySignOut = (client: Client): Effect.Effect<void> => {
  const { app, workload } = client
  const prng = app.prng.split(`sign out/${client.context.world.time.now_us}`)
  if (client.isWindingDown() || !prng.chance(workload.signs_out_share)) return Effect.void
  return Effect.asVoid(tryTo(client, "auth.sign_out", { everywhere: prng.chance(0.3) }, 10_000))
}
