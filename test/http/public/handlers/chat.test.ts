// What both sides of a chat ask. Real handlers and machines over memory adapters, virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { instant } from "../../../../src/contract/fields.ts"
import { Bus, type BusEvent, type Topic } from "../../../../src/services/bus/bus.ts"
import { idOf, t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, refused } from "../../phone.ts"
import { chat, given, order, request, say } from "../../script.ts"
import { Faults, world } from "../../world.ts"

const heardOn = (topic: Topic) => Effect.flatMap(Bus, (bus) => bus.subscribe([topic]))

describe("chat.send", () => {
  it.effect("answers with the committed message, and with the same when repeated", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const message = { session_id, client_message_id: "message-number-1", body: "Halo kak 👋" }
      const sent = yield* sari.call("chat.send", message)
      assert.deepStrictEqual(sent, { message_id: sent.message_id, seq: 3, sent_at: instant(t0) })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* sari.call("chat.send", message), sent)
      // Another person's message may carry the same client id.
      assert.strictEqual((yield* ayu.call("chat.send", message)).seq, 4)
      const { messages } = yield* ayu.call("chat.history", {
        session_id,
        before_seq: null,
        after_seq: null,
        limit: 10
      })
      assert.deepStrictEqual(messages.map((one) => one.seq), [3, 4])
      assert.deepStrictEqual(messages[0], { ...message, ...sent, side: "customer" })
    }).pipe(Effect.provide(world)))

  it.effect("like a receipt reads no session, and typing only who takes part", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const { asked } = yield* Faults
      asked.length = 0
      const { seq } = yield* say(sari, session_id, "Halo")
      yield* ayu.call("chat.delivered", { session_id, seq })
      yield* ayu.call("chat.read", { session_id, seq })
      // Whether it is her chat, once.
      assert.deepStrictEqual(asked, ["participation"])
      yield* sari.call("chat.typing", { session_id })
      yield* ayu.call("chat.typing", { session_id })
      assert.deepStrictEqual(asked, ["participation", "participation"])
    }).pipe(Effect.provide(world)))

  it.effect("refuses empty and too long texts, and any text after the end", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      assert.strictEqual(yield* refused(say(sari, session_id, "  \n ")), "MESSAGE_EMPTY")
      assert.strictEqual(yield* refused(say(sari, session_id, "a".repeat(4001))), "MESSAGE_TOO_LONG")
      yield* say(sari, session_id, "😀".repeat(4000))
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      assert.strictEqual(yield* refused(say(sari, session_id, "Halo")), "SESSION_CLOSING")
    }).pipe(Effect.provide(world)))
})

describe("chat.history", () => {
  it.effect("pages both ways without a gap or a double", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const all: Array<number> = []
      for (let n = 0; n < 7; n++) all.push((yield* say(n % 2 === 0 ? sari : ayu, session_id, `nr ${n}`)).seq)
      const page = (before_seq: number | null, after_seq: number | null) =>
        sari.call("chat.history", { session_id, before_seq, after_seq, limit: 3 })
      const newest = yield* page(null, null)
      assert.deepStrictEqual(newest.messages.map((one) => one.seq), all.slice(4))
      assert.isTrue(newest.has_more)
      const middle = yield* page(newest.messages[0]!.seq, null)
      assert.deepStrictEqual(middle.messages.map((one) => one.seq), all.slice(1, 4))
      const oldest = yield* page(middle.messages[0]!.seq, null)
      assert.deepStrictEqual(oldest.messages.map((one) => one.seq), all.slice(0, 1))
      assert.isFalse(oldest.has_more)
      const first = yield* page(null, 0)
      assert.deepStrictEqual(first.messages.map((one) => one.seq), all.slice(0, 3))
      assert.isTrue(first.has_more)
      const last = yield* page(null, all[3]!)
      assert.deepStrictEqual(last.messages.map((one) => one.seq), all.slice(4))
      assert.isFalse(last.has_more)
    }).pipe(Effect.provide(world)))

  it.effect("bounds a page by its size too, both ways, and still reaches every message", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const all: Array<number> = []
      for (let n = 0; n < 60; n++) all.push((yield* say(sari, session_id, "x".repeat(4000))).seq)
      const read = (before_seq: number | null, after_seq: number | null) =>
        sari.call("chat.history", { session_id, before_seq, after_seq, limit: 100 })
      const onwards = yield* read(null, 0)
      assert.isTrue(onwards.has_more)
      assert.isBelow(JSON.stringify(onwards).length, 300_000)
      const rest = yield* read(null, onwards.messages.at(-1)!.seq)
      assert.isFalse(rest.has_more)
      assert.deepStrictEqual([...onwards.messages, ...rest.messages].map((one) => one.seq), all)
      const newest = yield* read(null, null)
      assert.isTrue(newest.has_more)
      const older = yield* read(newest.messages[0]!.seq, null)
      assert.isFalse(older.has_more)
      assert.deepStrictEqual([...older.messages, ...newest.messages].map((one) => one.seq), all)
    }).pipe(Effect.provide(world)))

  it.effect("reads one way at a time", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const attempt = sari.call("chat.history", { session_id, before_seq: 1, after_seq: 1, limit: 3 })
      assert.strictEqual(yield* refused(attempt), "BAD_REQUEST")
    }).pipe(Effect.provide(world)))

  it.effect("stays readable to both after the goodbye", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      yield* say(sari, session_id, "Halo")
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      const over = yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Makasih" })
      assert.deepInclude(over, { status: "completed", goodbyes: { customer: "Makasih", mitra: null } })
      for (const phone of [sari, ayu]) {
        const history = yield* phone.call("chat.history", {
          session_id,
          before_seq: null,
          after_seq: null,
          limit: 9
        })
        assert.strictEqual(history.messages.length, 1)
      }
    }).pipe(Effect.provide(world)))
})

describe("receipts", () => {
  it.effect("move forward only, never beyond what was said, and count what is unread", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const { seq } = yield* say(sari, session_id, "satu")
      yield* say(sari, session_id, "dua")
      const delivered = (to: number) => ayu.call("chat.delivered", { session_id, seq: to })
      assert.deepStrictEqual(yield* delivered(seq), { delivered_seq: seq, read_seq: 0 })
      assert.deepStrictEqual(yield* delivered(1), { delivered_seq: seq, read_seq: 0 })
      const read = yield* ayu.call("chat.read", { session_id, seq })
      assert.deepStrictEqual(read, { delivered_seq: seq, read_seq: seq })
      assert.deepStrictEqual(yield* delivered(9999), { delivered_seq: seq + 1, read_seq: seq })
      const view = yield* ayu.call("chat.topic", { command_id: newCommand(), session_id, topic: "sensitive" })
      assert.deepInclude(view, { unread: 1, topic: "sensitive" })
    }).pipe(Effect.provide(world)))
})

describe("chat.sessions", () => {
  it.effect("pages through what is over, newest first, to the end", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const ended: Array<string> = []
      for (let n = 0; n < 5; n++) {
        const { session_id } = yield* request(sari)
        yield* sari.call("customer.cancel", { command_id: newCommand(), session_id })
        ended.unshift(session_id)
        yield* TestClock.adjust("1 second")
      }
      const seen: Array<string> = []
      let before: string | null = null
      do {
        const page: { sessions: ReadonlyArray<{ session_id: string }>; next: string | null } = yield* sari
          .call(
            "chat.sessions",
            { before, limit: 2 }
          )
        seen.push(...page.sessions.map((view) => view.session_id))
        before = page.next
      } while (before !== null)
      assert.deepStrictEqual(seen, ended)
    }).pipe(Effect.provide(world)))

  it.effect("refuses a cursor it never gave", () =>
    Effect.gen(function*() {
      const sari = yield* customerPhone("Sari")
      for (const before of ["1", `x_${idOf(1)}`, `1_${idOf(1)}'--`]) {
        assert.strictEqual(
          yield* refused(sari.call("chat.sessions", { before, limit: 2 })),
          "BAD_REQUEST",
          before
        )
      }
    }).pipe(Effect.provide(world)))
})

describe("typing", () => {
  it.effect("is told to the other side only, for three seconds, and stored nowhere", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const toSari = yield* heardOn(`customer:${sari.id}`)
      const toAyu = yield* heardOn(`mitra:${ayu.id}`)
      assert.isNull(yield* sari.call("chat.typing", { session_id }))
      const heard: BusEvent = { _tag: "Typing", session_id, side: "customer", until: t0 + 3000 }
      assert.deepStrictEqual((yield* Queue.take(toAyu)).event, heard)
      yield* ayu.call("chat.typing", { session_id })
      assert.deepStrictEqual((yield* Queue.take(toSari)).event, { ...heard, side: "mitra" })
      assert.strictEqual(yield* Queue.size(toAyu), 0)
      assert.strictEqual(yield* Queue.size(toSari), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("asks who is in a session once in five seconds, however fast the fingers", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      yield* sari.call("chat.typing", { session_id })
      const faults = yield* Faults
      faults.sessionsAreDown = true
      yield* sari.call("chat.typing", { session_id })
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* refused(sari.call("chat.typing", { session_id })), "TryAgain")
      faults.sessionsAreDown = false
      // The failure itself is not remembered.
      yield* sari.call("chat.typing", { session_id })
    }).pipe(Effect.provide(world)))

  it.effect("in a chat that is over reaches nobody and is refused", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      const toAyu = yield* heardOn(`mitra:${ayu.id}`)
      assert.strictEqual(yield* refused(sari.call("chat.typing", { session_id })), "SESSION_CLOSING")
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "" })
      yield* TestClock.adjust("5 seconds")
      yield* Queue.takeAll(toAyu)
      assert.strictEqual(yield* refused(ayu.call("chat.typing", { session_id })), "SESSION_OVER")
      assert.strictEqual(yield* Queue.size(toAyu), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a chat that is over", () => {
  it.effect("is read by both, as often as they like, and changed by nobody", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      yield* say(ayu, session_id, "Semoga lekas pulih")
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.read", { session_id, seq: 3 })
      yield* ayu.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Sampai jumpa" })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Terima kasih" })
      for (const phone of [sari, ayu]) {
        const command = () => ({ command_id: newCommand(), session_id })
        const tries = [
          say(phone, session_id, "satu lagi"),
          phone.call("chat.typing", { session_id }),
          phone.call("chat.read", { session_id, seq: 3 }),
          phone.call("chat.delivered", { session_id, seq: 3 }),
          phone.call("chat.topic", { ...command(), topic: "sensitive" }),
          phone.call("chat.end", command()),
          phone.call("chat.goodbye", { ...command(), text: "lagi" })
        ] as ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>>
        for (const tried of tries) assert.strictEqual(yield* refused(tried), "SESSION_OVER")
        const page = { session_id, before_seq: null, after_seq: null, limit: 10 }
        const { messages } = yield* phone.call("chat.history", page)
        assert.deepStrictEqual(messages.map(({ body }) => body), ["Semoga lekas pulih"])
        const [past] = (yield* phone.call("chat.sessions", { before: null, limit: 5 })).sessions
        assert.deepStrictEqual(past?.goodbyes, { customer: "Terima kasih", mitra: "Sampai jumpa" })
      }
    }).pipe(Effect.provide(world)))
})

describe("chat.end", () => {
  it.effect("is the customer's, starts the closing once, and gives the same view when repeated", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const byMitra = ayu.call("chat.end", { command_id: newCommand(), session_id })
      assert.strictEqual(yield* refused(byMitra), "END_NOT_ALLOWED")
      yield* TestClock.adjust("100 seconds")
      const command = { command_id: newCommand(), session_id }
      const view = yield* sari.call("chat.end", command)
      assert.deepInclude(view, {
        status: "closing",
        end_reason: "ended_by_customer",
        remaining_ms: null,
        closing_ends_at: instant(t0 + 400_000)
      })
      assert.deepStrictEqual(yield* sari.call("chat.end", command), view)
      yield* order(sari)
    }).pipe(Effect.provide(world)))
})
