// The event stream of a socket in good weather: snapshot, live events, offers, ticks, resume. Real
// handlers and machines over memory adapters, virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { instant } from "../../../../src/contract/fields.ts"
import { t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, newPhone, nextOf, refused } from "../../phone.ts"
import { chat, given, onlineMitra, request, say } from "../../script.ts"
import { world } from "../../world.ts"

const none: ReadonlyArray<never> = []

describe("the first event", () => {
  it.effect("is a snapshot: nothing yet for somebody new", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      assert.deepStrictEqual(yield* nextOf(yield* sari.subscribe(), "snapshot"), {
        _tag: "snapshot",
        server_now: instant(t0),
        sessions: none,
        offers: none,
        recovered: none,
        epoch: "memory",
        settings: { heartbeat_every_seconds: 30, message_length_max: 4000, typing_expires_ms: 3000 }
      })
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("shows what is alive to its own people: sessions with unread counts, open offers", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, payment_id, sari, session_id } = yield* chat
      yield* say(sari, session_id, "Halo")
      const { session_id: offered } = yield* request(yield* customerPhone("Budi"))
      yield* TestClock.adjust("10 seconds")
      const hers = yield* nextOf(yield* ayu.subscribe(), "snapshot")
      assert.strictEqual(hers.sessions.length, 1)
      assert.deepInclude(hers.sessions[0], {
        session_id,
        unread: 1,
        last_seq: 3,
        payment_id: null,
        remaining_ms: 290_000
      })
      assert.strictEqual(hers.offers.length, 1)
      assert.deepInclude(hers.offers[0], { session_id: offered, customer_name: "Budi", remaining_ms: 50_000 })
      const customers = yield* nextOf(yield* sari.subscribe(), "snapshot")
      assert.deepInclude(customers.sessions[0], { session_id, unread: 0, payment_id, remaining_ms: 290_000 })
      assert.deepStrictEqual(customers.offers, [])
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a request", () => {
  it.effect("is told to the customer and to those asked, and pairs both from its first event on", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const [hers, theirs] = [yield* ayu.subscribe(), yield* sari.subscribe()]
      yield* nextOf(hers, "snapshot")
      yield* nextOf(theirs, "snapshot")
      const { session_id } = yield* request(sari)
      assert.deepInclude((yield* nextOf(hers, "offer")).offer, { session_id, status: "pending" })
      yield* TestClock.adjust("12 seconds")
      yield* ayu.call("mitra.accept", { command_id: newCommand(), session_id })
      for (const events of [hers, theirs]) {
        assert.deepStrictEqual(yield* nextOf(events, "session"), {
          _tag: "session",
          session_id,
          seq: 1,
          at: instant(t0),
          fact: { kind: "offers_sent", asked: 1, wave: 1 }
        })
        assert.deepStrictEqual(yield* nextOf(events, "session"), {
          _tag: "session",
          session_id,
          seq: 2,
          at: instant(t0 + 12_000),
          fact: { kind: "paired", mitra_id: ayu.id, mitra_name: "Bestie 1", ends_at: instant(t0 + 312_000) }
        })
      }
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that another took, that was cancelled, or that ran out is withdrawn with the reason", () =>
    Effect.gen(function*() {
      yield* given
      const [ayu, bunga] = [yield* onlineMitra(1), yield* onlineMitra(2)]
      const events = yield* bunga.subscribe()
      yield* nextOf(events, "snapshot")
      const offered = Effect.fnUntraced(function*(name: string) {
        const customer = yield* customerPhone(name)
        const { session_id } = yield* request(customer)
        assert.strictEqual((yield* nextOf(events, "offer")).offer.session_id, session_id)
        return { customer, session_id }
      })
      const taken = yield* offered("Sari")
      yield* ayu.call("mitra.accept", { command_id: newCommand(), session_id: taken.session_id })
      const closed = { _tag: "offer_closed", winner_at: null } as const
      assert.deepStrictEqual(yield* nextOf(events, "offer_closed"), {
        ...closed,
        session_id: taken.session_id,
        ending: "taken",
        winner_at: instant(t0)
      })
      const cancelled = yield* offered("Budi")
      const command = { command_id: newCommand(), session_id: cancelled.session_id }
      yield* cancelled.customer.call("customer.cancel", command)
      assert.deepStrictEqual(yield* nextOf(events, "offer_closed"), {
        ...closed,
        session_id: cancelled.session_id,
        ending: "cancelled"
      })
      const expired = yield* offered("Cici")
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(yield* nextOf(events, "offer_closed"), {
        ...closed,
        session_id: expired.session_id,
        ending: "expired"
      })
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a running chat", () => {
  it.effect("brings messages, receipts and typing to the other side, each once and in order", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const events = yield* ayu.subscribe()
      yield* nextOf(events, "snapshot")
      const sent = yield* say(sari, session_id, "Halo kak")
      const message = yield* nextOf(events, "session")
      assert.strictEqual(message.seq, 3)
      assert.deepInclude(message.fact, { kind: "message" })
      assert.isTrue(message.fact.kind === "message" && message.fact.message.message_id === sent.message_id)
      yield* sari.call("chat.typing", { session_id })
      assert.deepStrictEqual(yield* nextOf(events, "typing"), {
        _tag: "typing",
        session_id,
        side: "customer",
        expires_in_ms: 3000
      })
      yield* sari.call("chat.read", { session_id, seq: 3 })
      yield* sari.call("chat.read", { session_id, seq: 3 })
      assert.deepStrictEqual(yield* nextOf(events, "receipt"), {
        _tag: "receipt",
        session_id,
        side: "customer",
        delivered_seq: 3,
        read_seq: 3
      })
      yield* say(ayu, session_id, "Halo juga")
      assert.strictEqual((yield* nextOf(events, "session")).seq, 4)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("tells every phone of a receipt but the one that sent it, her other phone as well", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const tablet = yield* newPhone
      yield* tablet.call("auth.authenticate", { access_token: sari.tokens.access_token })
      const [onPhone, onTablet] = [yield* sari.subscribe(), yield* tablet.subscribe()]
      for (const events of [onPhone, onTablet]) yield* nextOf(events, "snapshot")
      yield* say(ayu, session_id, "Halo")
      for (const events of [onPhone, onTablet]) yield* nextOf(events, "session")
      const cursor = yield* sari.call("chat.read", { session_id, seq: 3 })
      assert.deepStrictEqual(cursor, { delivered_seq: 3, read_seq: 3 })
      assert.deepInclude(yield* nextOf(onTablet, "receipt"), { side: "customer", read_seq: 3 })
      yield* say(ayu, session_id, "Apa kabar?")
      assert.strictEqual((yield* nextOf(onPhone, "session")).seq, 4, "her own receipt is no news to her")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("ticks every 60 seconds until it ends, and not after", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      yield* TestClock.adjust("10 seconds")
      const events = yield* sari.subscribe()
      yield* nextOf(events, "snapshot")
      const kinds: Array<string> = []
      // 5 minutes of chat and 5 minutes of closing; warnings 3 and 1 minutes before the end.
      for (let second = 10; second <= 700; second++) {
        yield* TestClock.adjust("1 second")
        while ((yield* Queue.size(events)) > 0) {
          const event = yield* Queue.take(events)
          const name = event._tag === "session" ? event.fact.kind : event._tag
          kinds.push(`${second + 1 - 10}s ${name}`)
          if (event._tag !== "tick") continue
          assert.deepStrictEqual(event, {
            _tag: "tick",
            session_id,
            server_now: instant(t0 + (second + 1) * 1000),
            ends_at: instant(t0 + 300_000),
            remaining_ms: 300_000 - (second + 1) * 1000
          })
        }
      }
      assert.deepStrictEqual(kinds, [
        "60s tick",
        "110s warning",
        "120s tick",
        "180s tick",
        "230s warning",
        "240s tick",
        "290s closing",
        "590s completed"
      ])
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a mitra's own state", () => {
  it.effect("is told when it changes, with the cause", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const events = yield* ayu.subscribe()
      yield* nextOf(events, "snapshot")
      yield* ayu.call("mitra.go_offline", { command_id: newCommand() })
      const status = { _tag: "mitra_status", is_online: false, cause: "toggle" }
      assert.deepStrictEqual(yield* nextOf(events, "mitra_status"), status as never)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a connection", () => {
  it.effect("has one stream; a second is refused and the first goes on", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const events = yield* sari.subscribe()
      yield* nextOf(events, "snapshot")
      assert.strictEqual(yield* refused(Stream.runDrain(sari.stream())), "BAD_REQUEST")
      yield* say(ayu, session_id, "Halo")
      assert.strictEqual((yield* nextOf(events, "session")).seq, 3)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("whose stream was given up may open another", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      for (let n = 0; n < 3; n++) {
        const events = yield* Stream.runCollect(Stream.take(sari.stream(), 1))
        assert.strictEqual(events[0]?._tag, "snapshot")
      }
    }).pipe(Effect.scoped, Effect.provide(world)))
})
