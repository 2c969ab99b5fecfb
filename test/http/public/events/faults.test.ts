// The event stream in bad weather: the bus drops, doubles, turns around, empties or overflows, and
// storage goes away. Nothing is lost, nothing comes twice, everything is in order. Virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { PhoneEvent } from "../../../../src/contract/public/events.ts"
import { instant } from "../../../../src/contract/fields.ts"
import { feedLimits } from "../../../../src/http/public/events/feed-limits.ts"
import { Bus, type BusMessage, type Topic } from "../../../../src/services/bus/bus.ts"
import { t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, nextOf, refused } from "../../phone.ts"
import { chat, given, onlineMitra, request, say } from "../../script.ts"
import { Faults, world } from "../../world.ts"

const nothing = (): ReadonlyArray<BusMessage> => []
const everything = (messages: ReadonlyArray<BusMessage>) => messages

const setBus = (onBus: (messages: ReadonlyArray<BusMessage>) => ReadonlyArray<BusMessage>) =>
  Effect.map(Faults, (faults) => {
    faults.onBus = onBus
  })

/** What a bus adapter tells all subscribers after an interruption. */
const interrupted = (topic: Topic) =>
  Effect.flatMap(Bus, (bus) => bus.publish([{ topic, event: { _tag: "Resync" } }]))

const seqsOf = Effect.fnUntraced(function*<E>(events: Queue.Dequeue<PhoneEvent, E>, count: number) {
  const seqs: Array<number> = []
  while (seqs.length < count) seqs.push((yield* nextOf(events, "session")).seq)
  return seqs
})

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** A chat whose mitra's phone is listening, with the snapshot already read. */
const listening = Effect.gen(function*() {
  yield* given
  const story = yield* chat
  const events = yield* story.ayu.subscribe()
  yield* nextOf(events, "snapshot")
  return { ...story, events }
})

describe("a bus", () => {
  it.effect("that loses events: the next one shows the gap, and it is filled in order", () =>
    Effect.gen(function*() {
      const { events, sari, session_id } = yield* listening
      yield* setBus(nothing)
      for (let n = 3; n <= 100; n++) yield* say(sari, session_id, `nr ${n}`)
      yield* setBus(everything)
      yield* say(sari, session_id, "nr 101")
      assert.deepStrictEqual(yield* seqsOf(events, 99), range(3, 101))
      yield* say(sari, session_id, "nr 102")
      assert.deepStrictEqual(yield* seqsOf(events, 1), [102])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that doubles and turns around what it carries: each comes once, in order", () =>
    Effect.gen(function*() {
      const { events, sari, session_id } = yield* listening
      const held: Array<BusMessage> = []
      yield* setBus((messages) => {
        held.push(...messages)
        return []
      })
      for (let n = 3; n <= 12; n++) yield* say(sari, session_id, `nr ${n}`)
      yield* setBus(everything)
      yield* (yield* Bus).publish([...held, ...held].toReversed())
      yield* say(sari, session_id, "nr 13")
      assert.deepStrictEqual(yield* seqsOf(events, 11), range(3, 13))
      yield* say(sari, session_id, "nr 14")
      assert.deepStrictEqual(yield* seqsOf(events, 1), [14])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("whose message did not fit: the event is read from storage", () =>
    Effect.gen(function*() {
      const { events, sari, session_id } = yield* listening
      yield* setBus((messages) =>
        messages.map((message) =>
          message.event._tag === "SessionEvent"
            ? { ...message, event: { ...message.event, event: null } }
            : message
        )
      )
      yield* say(sari, session_id, "a long one")
      const event = yield* nextOf(events, "session")
      assert.isTrue(event.fact.kind === "message" && event.fact.message.body === "a long one")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that was interrupted: sessions, receipts, offers and her own state are caught up", () =>
    Effect.gen(function*() {
      const { ayu, events, sari, session_id } = yield* listening
      const before = yield* request(yield* customerPhone("Budi"))
      assert.strictEqual((yield* nextOf(events, "offer")).offer.session_id, before.session_id)
      yield* setBus(nothing)
      const bunga = yield* onlineMitra(2)
      const after = yield* request(yield* customerPhone("Cici"))
      yield* TestClock.adjust("4 seconds")
      yield* bunga.call("mitra.accept", { command_id: newCommand(), session_id: before.session_id })
      yield* say(sari, session_id, "nr 3")
      yield* sari.call("chat.read", { session_id, seq: 3 })
      yield* ayu.call("mitra.go_offline", { command_id: newCommand() })
      yield* setBus(everything)
      yield* interrupted(`mitra:${ayu.id}`)
      const caughtUp = new Map<string, PhoneEvent>()
      for (let n = 0; n < 5; n++) {
        const event = yield* Queue.take(events)
        caughtUp.set(event._tag, event)
      }
      assert.deepInclude(caughtUp.get("session"), { session_id, seq: 3 })
      assert.deepInclude(caughtUp.get("receipt"), { session_id, side: "customer", read_seq: 3 })
      assert.deepInclude(caughtUp.get("offer_closed"), {
        session_id: before.session_id,
        ending: "taken",
        winner_at: instant(t0 + 4000)
      })
      const offer = caughtUp.get("offer")
      assert.isTrue(offer?._tag === "offer" && offer.offer.session_id === after.session_id)
      assert.deepInclude(caughtUp.get("mitra_status"), { is_online: false, cause: "toggle" })
      // Told again, there is nothing new to say.
      yield* interrupted(`mitra:${ayu.id}`)
      yield* say(sari, session_id, "nr 4")
      assert.strictEqual((yield* nextOf(events, "session")).seq, 4)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that was interrupted while she was paired: the session is discovered from its first event", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const events = yield* ayu.subscribe()
      yield* nextOf(events, "snapshot")
      yield* setBus(nothing)
      const { session_id } = yield* request(sari)
      yield* ayu.call("mitra.accept", { command_id: newCommand(), session_id })
      yield* setBus(everything)
      yield* interrupted(`mitra:${ayu.id}`)
      const facts = [yield* nextOf(events, "session"), yield* nextOf(events, "session")]
      assert.deepStrictEqual(facts.map((event) => event.fact.kind), ["offers_sent", "paired"])
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual((yield* nextOf(events, "tick")).remaining_ms, 240_000)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that was interrupted while a session ended: its end is told", () =>
    Effect.gen(function*() {
      const { ayu, events, sari, session_id } = yield* listening
      yield* setBus(nothing)
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Makasih" })
      yield* setBus(everything)
      yield* interrupted(`mitra:${ayu.id}`)
      assert.deepStrictEqual(yield* seqsOf(events, 3), [3, 4, 5])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that lost more than is streamed: a new snapshot says so, and the story goes on", () =>
    Effect.gen(function*() {
      const { events, sari, session_id } = yield* listening
      yield* setBus(nothing)
      const last = 2 + feedLimits.missed_max
      for (let n = 3; n <= last; n++) yield* say(sari, session_id, `nr ${n}`)
      yield* setBus(everything)
      yield* say(sari, session_id, "one too many")
      const snapshot = yield* nextOf(events, "snapshot")
      assert.deepStrictEqual(snapshot.recovered, [{ session_id, recovered: false }])
      assert.strictEqual(snapshot.sessions[0]?.last_seq, last + 1)
      yield* say(sari, session_id, "next")
      assert.deepStrictEqual(yield* seqsOf(events, 1), [last + 2])
      assert.deepStrictEqual((yield* Faults).reads, [], "nothing was read to be thrown away")
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a moment", () => {
  it.effect("between reading and listening does not exist: what is said in it comes after the snapshot", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const faults = yield* Faults
      faults.afterLiveOf = say(sari, session_id, "meanwhile")
      const events = yield* ayu.subscribe()
      assert.strictEqual((yield* nextOf(events, "snapshot")).sessions[0]?.last_seq, 2)
      assert.deepStrictEqual(yield* seqsOf(events, 1), [3])
      faults.afterLiveOf = say(sari, session_id, "meanwhile again")
      const resumed = yield* sari.subscribe([{ session_id, seq: 2 }])
      yield* nextOf(resumed, "snapshot")
      assert.deepStrictEqual(yield* seqsOf(resumed, 2), [3, 4])
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a slow phone", () => {
  it.effect("holds nothing but the bounded bus queue, and catches up when it reads again", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const pull = yield* ayu.pages([{ session_id, seq: 2 }])
      const [snapshot] = yield* pull
      assert.strictEqual(snapshot._tag, "snapshot")
      for (let n = 3; n <= 402; n++) yield* say(sari, session_id, `nr ${n}`)
      assert.isAbove((yield* (yield* Bus).state).dropped, 0, "the bus queue overflowed")
      const seen: Array<number> = []
      while (seen.length < 400) {
        for (const event of yield* pull) if (event._tag === "session") seen.push(event.seq)
      }
      assert.deepStrictEqual(seen, range(3, 402))
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that comes back to many ticks gets one per session, with the time as it is now", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const pull = yield* ayu.pages()
      yield* pull
      yield* TestClock.adjust("130 seconds")
      yield* say(sari, session_id, "Halo")
      const seen = [...(yield* pull), ...(yield* pull)]
      assert.deepStrictEqual(seen.map((event) => event._tag), ["tick", "session", "session"])
      assert.deepInclude(seen[0], { remaining_ms: 170_000 })
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("storage", () => {
  it.effect("away for a moment is waited for", () =>
    Effect.gen(function*() {
      const { events, sari, session_id } = yield* listening
      yield* setBus(nothing)
      yield* say(sari, session_id, "nr 3")
      yield* setBus(everything)
      const faults = yield* Faults
      faults.sessionsAreDown = true
      yield* say(sari, session_id, "nr 4")
      const seqs = yield* Effect.forkChild(seqsOf(events, 2))
      yield* TestClock.adjust("300 millis")
      faults.sessionsAreDown = false
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(seqs), [3, 4])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("away for longer ends the stream with try again, and the phone resumes without a gap", () =>
    Effect.gen(function*() {
      const { ayu, events, sari, session_id } = yield* listening
      yield* setBus(nothing)
      yield* say(sari, session_id, "nr 3")
      yield* setBus(everything)
      const faults = yield* Faults
      faults.sessionsAreDown = true
      yield* say(sari, session_id, "nr 4")
      const end = yield* Effect.forkChild(refused(Queue.take(events)))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(end), "TryAgain")
      faults.sessionsAreDown = false
      const again = yield* ayu.subscribe([{ session_id, seq: 2 }])
      yield* nextOf(again, "snapshot")
      assert.deepStrictEqual(yield* seqsOf(again, 2), [3, 4])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("away at the very start answers try again and leaves the connection free to subscribe", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const faults = yield* Faults
      faults.sessionsAreDown = true
      const attempt = yield* Effect.forkChild(refused(Stream.runDrain(sari.stream())))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(attempt), "TryAgain")
      faults.sessionsAreDown = false
      yield* nextOf(yield* sari.subscribe(), "snapshot")
    }).pipe(Effect.scoped, Effect.provide(world)))
})
