// What a client does in a running chat, on either side: they type, write in bursts, receive and
// read, say goodbye or just leave.
import * as Effect from "effect/Effect"
import { type Client, commandOf, lastHeard, phaseOf, secondsAround, tryTo, untilTheTick } from "./client.ts"
import type { ClientSession } from "./client-state.ts"

const words = [
  "aku",
  "hari",
  "ini",
  "capek",
  "sekali",
  "kak",
  "terima",
  "kasih",
  "cerita",
  "kenapa",
  "iya",
  "🙂"
]
const noNewsMs = 7_200_000

const isTalking = (session: ClientSession): boolean => {
  const phase = phaseOf(session)
  return phase === "running" || phase === "extending"
}

const textOf = ({ prng, workload }: Client): string =>
  Array.from({ length: prng.integer(1, Math.max(1, workload.words_max)) }, () => prng.pick(words)).join(" ")

const sendUnsent = Effect.fnUntraced(function*(client: Client, session: ClientSession) {
  const { app, unsent } = client
  const message = unsent.get(session.id)
  if (message === undefined) return
  const sent = yield* tryTo(client, "chat.send", { session_id: session.id, ...message })
  if (sent !== null) {
    const now = client.context.world.time.now_ms
    app.clientState.acknowledge(session.id, message.client_message_id, message.body, sent, now)
  }
  unsent.delete(session.id)
})

const writing = Effect.fnUntraced(function*(client: Client, session: ClientSession) {
  const { app, prng, unsent, workload } = client
  yield* sendUnsent(client, session)
  for (;;) {
    yield* app.until(() => !isTalking(session), secondsAround(client, workload.pause_s) + 500)
    if (!isTalking(session)) return
    for (let left = prng.integer(1, Math.max(1, workload.burst_max)); left > 0; left -= 1) {
      if (prng.chance(workload.types_share)) {
        yield* tryTo(client, "chat.typing", { session_id: session.id }, 2_000)
      }
      yield* Effect.sleep(prng.between(400, 5_000))
      if (!isTalking(session)) return
      unsent.set(session.id, { client_message_id: app.newId(), body: textOf(client) })
      yield* sendUnsent(client, session)
    }
  }
})

const lastOfPeer = (client: Client, session: ClientSession): number =>
  lastHeard(session, `message/${client.side === "customer" ? "mitra" : "customer"}`)?.seq ?? 0

const reading = Effect.fnUntraced(function*(client: Client, session: ClientSession) {
  const { app, prng, workload } = client
  let seen = 0
  for (;;) {
    yield* app.until(() => lastOfPeer(client, session) > seen || session.isOver, noNewsMs)
    if (session.isOver) return
    yield* Effect.sleep(prng.between(20, 400))
    seen = lastOfPeer(client, session)
    yield* tryTo(client, "chat.delivered", { session_id: session.id, seq: seen }, 20_000)
    if (!prng.chance(workload.reads_share)) continue
    yield* Effect.sleep(secondsAround(client, workload.reads_within_s))
    seen = lastOfPeer(client, session)
    yield* tryTo(client, "chat.read", { session_id: session.id, seq: seen }, 20_000)
  }
})

const farewell = Effect.fnUntraced(function*(client: Client, session: ClientSession) {
  const { app, prng, workload } = client
  if (!prng.chance(workload.says_goodbye_share)) return
  yield* app.until(() => session.isOver, secondsAround(client, workload.goodbye_within_s))
  if (session.isOver || lastHeard(session, "goodbye")?.fact["side"] === client.side) return
  yield* tryTo(client, "chat.goodbye", { ...commandOf(client, session.id), text: textOf(client) })
})

/** A last word in the very moment when the time is up. */
const lastWord = Effect.fnUntraced(function*(client: Client, session: ClientSession) {
  const { app, context: { world }, chances, workload } = client
  if (!chances.chance(workload.at_the_tick_share)) return
  const ends_at = Date.parse(String(session.ends_at ?? session.view?.["ends_at"]))
  if (Number.isNaN(ends_at)) return
  yield* Effect.sleep(Math.max(1, untilTheTick(client, ends_at)))
  const message = { client_message_id: app.newId(), body: "bye" }
  const sent = yield* tryTo(client, "chat.send", { session_id: session.id, ...message }, 20_000)
  if (sent === null) return
  app.clientState.acknowledge(session.id, message.client_message_id, message.body, sent, world.time.now_ms)
})

const readHistory = (client: Client, session: ClientSession) =>
  client.prng.chance(client.workload.reads_history_share)
    ? tryTo(client, "chat.history", { session_id: session.id, before_seq: null, after_seq: null, limit: 50 })
    : Effect.void

/** From when it runs until it is over, or until nothing was heard of it for very long. */
export const chat = (client: Client, session: ClientSession): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* readHistory(client, session)
    yield* Effect.forkChild(reading(client, session))
    yield* Effect.forkChild(writing(client, session))
    yield* Effect.forkChild(lastWord(client, session))
    yield* client.app.until(() => !isTalking(session), noNewsMs)
    if (!session.isOver) yield* farewell(client, session)
    yield* client.app.until(() => session.isOver, 1_200_000)
  })
