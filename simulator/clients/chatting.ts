// What two people do in a running chat, whichever side they are on: they type, write in bursts, receive and
// read, say goodbye or just leave.
import * as Effect from "effect/Effect"
import { lastHeard, type Person, secondsAround, standingOf, tryTo } from "./person.ts"
import type { ToldSession } from "./client-state.ts"

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

const isTalking = (session: ToldSession): boolean => {
  const standing = standingOf(session)
  return standing === "running" || standing === "extending"
}

const textOf = ({ dice, habits }: Person): string =>
  Array.from({ length: dice.integer(1, Math.max(1, habits.words_max)) }, () => dice.pick(words)).join(" ")

const sendUnsent = Effect.fnUntraced(function*(person: Person, session: ToldSession) {
  const { app, unsent } = person
  const message = unsent.get(session.id)
  if (message === undefined) return
  const sent = yield* tryTo(person, "chat.send", { session_id: session.id, ...message })
  if (sent !== null) {
    const now = person.stage.world.time.now_ms
    app.told.acknowledge(session.id, message.client_message_id, message.body, sent, now)
  }
  unsent.delete(session.id)
})

const writing = Effect.fnUntraced(function*(person: Person, session: ToldSession) {
  const { app, dice, habits, unsent } = person
  yield* sendUnsent(person, session)
  for (;;) {
    yield* app.until(() => !isTalking(session), secondsAround(person, habits.pause_s) + 500)
    if (!isTalking(session)) return
    for (let left = dice.integer(1, Math.max(1, habits.burst_max)); left > 0; left -= 1) {
      if (dice.chance(habits.types_share)) {
        yield* tryTo(person, "chat.typing", { session_id: session.id }, 2_000)
      }
      yield* Effect.sleep(dice.between(400, 5_000))
      if (!isTalking(session)) return
      unsent.set(session.id, { client_message_id: app.newId(), body: textOf(person) })
      yield* sendUnsent(person, session)
    }
  }
})

const lastOfAddress = (person: Person, session: ToldSession): number =>
  lastHeard(session, `message/${person.side === "customer" ? "mitra" : "customer"}`)?.seq ?? 0

const reading = Effect.fnUntraced(function*(person: Person, session: ToldSession) {
  const { app, dice, habits } = person
  let seen = 0
  for (;;) {
    yield* app.until(() => lastOfAddress(person, session) > seen || session.isOver, noNewsMs)
    if (session.isOver) return
    yield* Effect.sleep(dice.between(20, 400))
    seen = lastOfAddress(person, session)
    yield* tryTo(person, "chat.delivered", { session_id: session.id, seq: seen }, 20_000)
    if (!dice.chance(habits.reads_share)) continue
    yield* Effect.sleep(secondsAround(person, habits.reads_within_s))
    seen = lastOfAddress(person, session)
    yield* tryTo(person, "chat.read", { session_id: session.id, seq: seen }, 20_000)
  }
})

const farewell = Effect.fnUntraced(function*(person: Person, session: ToldSession) {
  const { app, dice, habits } = person
  if (!dice.chance(habits.says_goodbye_share)) return
  yield* app.until(() => session.isOver, secondsAround(person, habits.goodbye_within_s))
  if (session.isOver || lastHeard(session, "goodbye")?.fact["side"] === person.side) return
  yield* tryTo(person, "chat.goodbye", {
    command_id: app.newId(),
    session_id: session.id,
    text: textOf(person)
  })
})

const lookBack = (person: Person, session: ToldSession) =>
  person.dice.chance(person.habits.reads_history_share)
    ? tryTo(person, "chat.history", { session_id: session.id, before_seq: null, after_seq: null, limit: 50 })
    : Effect.void

/** From when it runs until it is over, or until nothing was heard of it for very long. */
export const chat = (person: Person, session: ToldSession): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* lookBack(person, session)
    yield* Effect.forkChild(reading(person, session))
    yield* Effect.forkChild(writing(person, session))
    yield* person.app.until(() => !isTalking(session), noNewsMs)
    if (!session.isOver) yield* farewell(person, session)
    yield* person.app.until(() => session.isOver, 1_200_000)
  })
