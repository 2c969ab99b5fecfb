// What people do at the edges of what is allowed: they tap again and again in the instant in which the time
// is up, say again what they read long ago, open a chat that was taken from them, give up an order whose
// request looks, guess at codes. Off unless a world asks for it; drawn from a stream of its own.
import * as Effect from "effect/Effect"
import type { Prng } from "../kernel/prng.ts"
import type { Answer } from "./connection.ts"
import { type Client, commandOf, lastHeard, phaseOf, tryTo } from "./client.ts"
import type { ClientSession } from "./client-state.ts"
import { stranger } from "./stranger.ts"

type Deed = (client: Client, prng: Prng, session: ClientSession | null) => Effect.Effect<unknown>

const tapsMax = 12
/** Frames are under way for so long. */
const onItsWayMs = 110

/** One tap after the other, so that some arrive before the instant, some after it, and perhaps one in it. */
const tapsAround = (
  { context }: Client,
  prng: Prng,
  at_ms: number,
  tap: () => Effect.Effect<unknown>
): Effect.Effect<unknown> => {
  const left = at_ms - context.world.time.now_ms - onItsWayMs
  if (!(left > 0) || left > 600_000) return Effect.void
  const taps = Array.from({ length: tapsMax }, () => Effect.delay(Effect.suspend(tap), prng.between(0, 100)))
  return Effect.delay(Effect.all(taps, { concurrency: "unbounded", discard: true }), left)
}

/** The app was told when staff let her in again. */
const endOfHold = (client: Client, prng: Prng) => {
  const { app, context } = client
  const until = context.world.stores.tables.mitra_status.get(app.id ?? "")?.hold?.until
  return until == null
    ? null
    : tapsAround(
      client,
      prng,
      until - 500,
      () => tryTo(client, "mitra.go_online", { command_id: app.newId() }, 20_000)
    )
}

const lastOffer = (client: Client, prng: Prng) => {
  const { app } = client
  const [id] = [...app.clientState.openOffers]
  const deadline_at = id === undefined ? null : app.clientState.offers.get(id)?.view["deadline_at"]
  if (id === undefined || deadline_at === null) return Effect.void
  return tapsAround(
    client,
    prng,
    Date.parse(deadline_at),
    () => tryTo(client, "mitra.accept", { command_id: app.newId(), session_id: id }, 20_000)
  )
}

/** Whatever is about to end in this chat: the answer to an extension, the paid time, the goodbyes. */
const lastInstant: Deed = (client, prng, session) => {
  const { app, side } = client
  const held = side === "mitra" ? endOfHold(client, prng) : null
  if (held !== null) return held
  if (session === null) return side === "mitra" ? lastOffer(client, prng) : Effect.void
  const command = () => ({ command_id: app.newId(), session_id: session.id })
  const asked = lastHeard(session, "extension_requested")
  switch (phaseOf(session)) {
    case "extending":
      if (side !== "mitra") return givesUp(client, prng, session)
      if (asked === null) return Effect.void
      // Her chat goes on meanwhile.
      if (prng.chance(0.3)) return topicNow(client, prng, session)
      if (prng.chance(0.2)) return oldAnswer(client, prng, session)
      return tapsAround(
        client,
        prng,
        Date.parse(asked.fact["deadline_at"]),
        () =>
          tryTo(client, "mitra.answer_extension", {
            ...command(),
            extension_seq: asked.seq,
            approve: prng.chance(0.5)
          }, 20_000)
      )
    case "running":
      return tapsAround(
        client,
        prng,
        Date.parse(String(session.ends_at ?? session.view?.["ends_at"])),
        () => tryTo(client, "chat.end", command(), 20_000)
      )
    case "closing":
      return tapsAround(
        client,
        prng,
        Date.parse(String(lastHeard(session, "closing")?.fact["closing_ends_at"])),
        () => tryTo(client, "chat.goodbye", { ...command(), text: "bye" }, 20_000)
      )
    default:
      return side === "mitra" ? lastOffer(client, prng) : Effect.void
  }
}

/** Frames of an app that was asleep: what was read last is said first, and then what was read before it. */
const oldReceipts: Deed = Effect.fnUntraced(function*(client, prng, session) {
  if (session === null || session.last_seq < 3) return
  const say = (tag: string, seq: number) => tryTo(client, tag, { session_id: session.id, seq }, 20_000)
  yield* say("chat.read", session.last_seq)
  yield* say(prng.pick(["chat.read", "chat.delivered"]), prng.integer(1, session.last_seq - 1))
  yield* say(prng.pick(["chat.read", "chat.delivered"]), prng.integer(1, session.last_seq - 1))
})

const topicNow: Deed = (client, prng, session) =>
  session === null || client.side !== "mitra"
    ? Effect.void
    : tryTo(
      client,
      "chat.topic",
      { ...commandOf(client, session.id), topic: prng.pick(["regular", "sensitive"]) },
      20_000
    )

/** A chat that is over for this phone, in most cases because it was given to another. */
const lostChat: Deed = Effect.fnUntraced(function*(client, prng) {
  const { app } = client
  const lost = [...app.clientState.sessions.values()].filter(({ isOver }) => isOver)
  yield* tryTo(client, "chat.sessions", { before: null, limit: prng.pick([1, 2, 20]) }, 20_000)
  if (lost.length === 0) return
  const { id: session_id, last_seq } = prng.pick(lost)
  const ask = (range: object) =>
    tryTo(client, "chat.history", {
      session_id,
      before_seq: null,
      after_seq: null,
      ...range,
      limit: prng.pick([1, 3, 50])
    }, 20_000)
  yield* ask({})
  yield* ask({ after_seq: Math.max(0, last_seq - prng.integer(0, 3)) })
  yield* ask({ before_seq: last_seq + prng.integer(0, 3) })
  yield* tryTo(client, "chat.typing", { session_id }, 5_000)
  yield* tryTo(client, "chat.read", { session_id, seq: 1 }, 20_000)
})

/** Whatever becomes of it: while it is looked for, while its chat runs, or long after. */
const givesUp: Deed = Effect.fnUntraced(function*(client, prng) {
  if (client.side === "mitra") return
  const open = yield* tryTo(client, "customer.pending_payments", {}, 20_000)
  const payments: ReadonlyArray<Answer> = open?.["payments"] ?? []
  if (payments.length === 0) return
  const more = payments.find(({ product }) => product === "extension")
  const { payment_id } = more ?? prng.pick(payments)
  if (prng.chance(0.7)) return yield* tryTo(client, "customer.abandon_payment", { payment_id }, 20_000)
  yield* tryTo(client, "customer.retry_request", { command_id: client.app.newId(), payment_id }, 20_000)
})

/** A code that was asked for, and six guesses; or one code after the other as soon as it may be had. */
const guesses: Deed = (client, prng) =>
  stranger(
    client.context,
    client.app,
    "public",
    Effect.fnUntraced(function*(ask) {
      const phone = `+62816${prng.integer(100_000, 999_999)}`
      const whose = { phone, user_type: "customer" }
      yield* ask("auth.request_code", whose)
      if (prng.chance(0.5)) {
        for (let attempt = 0; attempt < 7; attempt += 1) {
          yield* ask("auth.verify_code", { ...whose, code: "111111" })
        }
        return
      }
      for (let another = 0; another < 6; another += 1) {
        yield* Effect.sleep(prng.between(59_800, 61_000))
        yield* ask("auth.request_code", whose)
      }
    })
  )

/** One that was decided, or is none at all. */
const oldAnswer: Deed = (client, prng, session) => {
  const asked = session === null ? null : lastHeard(session, "extension_requested")
  if (session === null || asked === null || client.side !== "mitra") return Effect.void
  const extension_seq = prng.chance(0.5) ? Math.max(1, asked.seq - 1) : prng.integer(1, asked.seq)
  const answer = { ...commandOf(client, session.id), extension_seq, approve: prng.chance(0.5) }
  return tryTo(client, "mitra.answer_extension", answer, 20_000)
}

/** More orders than anybody pays, or one more for who was blocked or put out. */
const hoards: Deed = Effect.fnUntraced(function*(client, prng) {
  const { app, context, side } = client
  if (side === "mitra") return
  const order = () => ({ command_id: app.newId(), tier_id: "chat_5", topic: "regular" })
  const { chat_sessions, mitra_assignments } = context.world.stores.tables
  const known = [...mitra_assignments.values()].filter(({ session_id }) =>
    chat_sessions.get(session_id)?.customer_id === app.id
  )
  const target = known.length > 0 && prng.chance(0.5) ? { target_mitra_id: prng.pick(known).mitra_id } : {}
  for (let count = prng.pick([1, 2, 7]); count > 0; count -= 1) {
    if ((yield* tryTo(client, "customer.create_payment", { ...order(), ...target }, 20_000)) === null) return
  }
})

/** Somebody met before is blocked for a while, whatever is under way between the two, or reported. */
const turnsAway: Deed = Effect.fnUntraced(function*(client, prng) {
  const over = [...client.app.clientState.sessions.values()].filter(({ isOver }) => isOver)
  if (over.length === 0) return
  // Rather somebody who asks just now.
  const { chat_sessions } = client.context.world.stores.tables
  const asking = [...client.app.clientState.openOffers].map((id) => chat_sessions.get(id)?.customer_id)
  const again = over.filter(({ id }) => asking.includes(chat_sessions.get(id)?.customer_id))
  const session_id = prng.pick(again.length > 0 ? again : over).id
  if (prng.chance(0.3)) {
    const words = { command_id: client.app.newId(), reason: "spam", words: "again", also_block: false }
    return yield* tryTo(client, "trust.report", { ...words, session_id }, 20_000)
  }
  const made = yield* tryTo(client, "trust.block", { session_id }, 20_000)
  yield* Effect.sleep(prng.between(5_000, 30_000))
  if (made !== null) yield* tryTo(client, "trust.unblock", { block_id: made["block_id"] }, 20_000)
})

/** Two people share a phone: its token is the other's now. */
const borrows: Deed = Effect.fnUntraced(function*(client, prng) {
  const devices = [...client.context.world.stores.tables.devices.keys()].slice(-8)
  if (devices.length === 0) return
  const token = prng.pick(devices)
  yield* tryTo(client, "devices.register", { token, platform: "android" }, 20_000)
})

/** Online already, and says so once more. */
const onlineAgain: Deed = (client) =>
  client.side === "customer" || client.app.clientState.isOnline !== true
    ? Effect.void
    : tryTo(client, "mitra.go_online", { command_id: client.app.newId() }, 20_000)

const deeds: ReadonlyArray<Deed> = [
  lastInstant,
  lastInstant,
  lastInstant,
  oldReceipts,
  topicNow,
  lostChat,
  givesUp,
  guesses,
  oldAnswer,
  onlineAgain,
  hoards,
  turnsAway,
  borrows
]

/** Now and then, for as long as the app runs. */
export const edgeDeeds = (client: Client): Effect.Effect<void> => {
  const { app, isWindingDown, workload } = client
  if (workload.edge_deeds_per_hour <= 0) return Effect.void
  const prng = app.prng.split(`edge deeds/${client.context.world.time.now_us}`)
  const next = Effect.suspend(() => {
    if (isWindingDown()) return Effect.never
    const sessions = [...app.clientState.live]
    return prng.pick(deeds)(client, prng, sessions.length === 0 ? null : prng.pick(sessions))
  })
  const pause = Effect.suspend(() => Effect.sleep(prng.exponential(3_600_000 / workload.edge_deeds_per_hour)))
  // One waits for its instant while the next one is done.
  return Effect.forever(Effect.andThen(pause, Effect.forkChild(Effect.ignore(next))))
}
