// A chat that changes hands, as its customer and both mitras see it: what each may still read and do; and
// pages of past sessions in both directions.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { instant } from "../../../../src/contract/fields.ts"
import { t0 } from "../../../../testkit/conformance/given.ts"
import { handOver } from "../handover.ts"
import { customerPhone, newCommand, type Phone, refused } from "../../phone.ts"
import { chat, given, onlineMitra, order, request, say } from "../../script.ts"
import { world } from "../../world.ts"

const history = (phone: Phone, session_id: string, range: { before?: number; after?: number } = {}) =>
  phone.call("chat.history", {
    session_id,
    before_seq: range.before ?? null,
    after_seq: range.after ?? null,
    limit: 10
  })

const bodies = (page: { readonly messages: ReadonlyArray<{ readonly body: string }> }) =>
  page.messages.map(({ body }) => body)

/** Ayu's chat with Sari, two messages, then Bunga takes over after ten seconds; then two more. */
const handedOver = Effect.gen(function*() {
  yield* given
  const { ayu, sari, session_id } = yield* chat
  const bunga = yield* onlineMitra(2)
  yield* say(sari, session_id, "Halo")
  yield* say(ayu, session_id, "Hai, aku Ayu")
  yield* TestClock.adjust("10 seconds")
  yield* handOver(session_id, ayu, bunga)
  yield* say(bunga, session_id, "Hai, aku Bunga")
  yield* say(sari, session_id, "Halo lagi")
  return { ayu, bunga, sari, session_id }
})

describe("a chat that was handed over", () => {
  it.effect("is read by its customer and its new mitra from the first word on, with the mark between", () =>
    Effect.gen(function*() {
      const { bunga, sari, session_id } = yield* handedOver
      const mark = { seq: 5, at: instant(t0 + 10_000), mitra_id: bunga.id, mitra_name: "Bestie 2" }
      for (const phone of [sari, bunga]) {
        const page = yield* history(phone, session_id)
        assert.deepStrictEqual(bodies(page), ["Halo", "Hai, aku Ayu", "Hai, aku Bunga", "Halo lagi"])
        assert.deepStrictEqual(page.handovers, [mark])
      }
      const view = yield* sari.call("customer.request_status", { session_id })
      assert.deepInclude(view, { mitra_id: bunga.id, mitra_name: "Bestie 2", status: "active" })
    }).pipe(Effect.provide(world)))

  it.effect("is read by the mitra who left up to then, in both directions, and no further", () =>
    Effect.gen(function*() {
      const { ayu, bunga, session_id } = yield* handedOver
      const hers = ["Halo", "Hai, aku Ayu"]
      for (const range of [{}, { after: 0 }, { before: 100 }]) {
        const page = yield* history(ayu, session_id, range)
        assert.deepStrictEqual(bodies(page), hers)
        assert.isFalse(page.has_more)
        assert.deepStrictEqual(page.handovers.map(({ mitra_id }) => mitra_id), [bunga.id])
      }
      assert.deepStrictEqual(bodies(yield* history(ayu, session_id, { after: 4 })), [])
      assert.deepStrictEqual(bodies(yield* history(ayu, session_id, { after: 5 })), [])
      assert.deepStrictEqual(bodies(yield* history(ayu, session_id, { before: 4 })), ["Halo"])
    }).pipe(Effect.provide(world)))

  it.effect("shows the mitra who left her last page, however much was said since", () =>
    Effect.gen(function*() {
      const { ayu, bunga, session_id } = yield* handedOver
      for (let n = 0; n < 12; n++) yield* say(bunga, session_id, `nomor ${n}`)
      assert.deepStrictEqual(bodies(yield* history(ayu, session_id)), ["Halo", "Hai, aku Ayu"])
    }).pipe(Effect.provide(world)))

  it.effect("is over for the mitra who left, as she left it", () =>
    Effect.gen(function*() {
      const { ayu, bunga, sari, session_id } = yield* handedOver
      yield* bunga.call("chat.topic", { command_id: newCommand(), session_id, topic: "sensitive" })
      const { newest, next, sessions } = yield* ayu.call("chat.sessions", { before: null, limit: 5 })
      assert.lengthOf(sessions, 1)
      assert.deepInclude(sessions[0], {
        session_id,
        status: "completed",
        topic: "regular",
        mitra_id: ayu.id,
        ended_at: instant(t0 + 10_000),
        ended_by: "staff",
        end_reason: "rerouted",
        last_seq: 5,
        unread: 0,
        remaining_ms: null
      })
      assert.deepStrictEqual([newest, next], [`${t0 + 10_000}_${session_id}`, null])
      for (const phone of [bunga, sari]) {
        assert.lengthOf((yield* phone.call("chat.sessions", { before: null, limit: 5 })).sessions, 0)
      }
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Dadah" })
      const after = yield* ayu.call("chat.sessions", { before: null, limit: 5 })
      assert.deepStrictEqual(after.sessions, sessions)
      const ended = yield* bunga.call("chat.sessions", { before: null, limit: 5 })
      assert.deepInclude(ended.sessions[0], {
        session_id,
        mitra_id: bunga.id,
        end_reason: "ended_by_customer"
      })
    }).pipe(Effect.provide(world)))

  it.effect("refuses the mitra who left with the reason, whatever she tries", () =>
    Effect.gen(function*() {
      const { ayu, session_id } = yield* handedOver
      const command = () => ({ command_id: newCommand(), session_id })
      const tries = [
        say(ayu, session_id, "tunggu"),
        ayu.call("chat.read", { session_id, seq: 7 }),
        ayu.call("chat.delivered", { session_id, seq: 7 }),
        ayu.call("chat.typing", { session_id }),
        ayu.call("chat.topic", { ...command(), topic: "sensitive" }),
        ayu.call("chat.end", command()),
        ayu.call("chat.goodbye", { ...command(), text: "dadah" }),
        ayu.call("mitra.accept", command()),
        ayu.call("mitra.answer_extension", { ...command(), extension_seq: 1, approve: true })
      ] as ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>>
      for (const [index, tried] of tries.entries()) {
        assert.strictEqual(yield* refused(tried), "SESSION_REROUTED", `try ${index}`)
      }
    }).pipe(Effect.provide(world)))

  it.effect("counts as unread for the new mitra what the one before had not read", () =>
    Effect.gen(function*() {
      const { ayu, bunga, session_id } = yield* handedOver
      const { sessions, total } = yield* bunga.call("chat.unread", {})
      assert.deepStrictEqual(sessions, [{ session_id, unread: 2 }])
      assert.strictEqual(total, 2)
      assert.deepStrictEqual(yield* ayu.call("chat.unread", {}), { total: 0, sessions: [] })
    }).pipe(Effect.provide(world)))

  it.effect("leaves a place with the mitra who gave it away, and takes one of the new mitra's", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, session_id } = yield* chat
      const bunga = yield* onlineMitra(2)
      for (const name of ["Ani", "Budi", "Citra"]) {
        const asked = yield* request(yield* customerPhone(name))
        yield* bunga.call("mitra.accept", { command_id: newCommand(), session_id: asked.session_id })
      }
      assert.strictEqual(yield* refused(handOver(session_id, ayu, bunga)), "MITRA_AT_CAPACITY")
      yield* bunga.call("mitra.go_offline", { command_id: newCommand() })
      assert.strictEqual(yield* refused(handOver(session_id, ayu, bunga)), "MITRA_NOT_ONLINE")
      const citra = yield* onlineMitra(3)
      yield* handOver(session_id, ayu, citra)
      assert.strictEqual(yield* refused(handOver(session_id, citra, citra)), "SAME_MITRA")
      assert.strictEqual(yield* refused(handOver(session_id, ayu, citra)), "STALE_WRITE")
      assert.strictEqual(yield* refused(handOver(session_id, citra, { id: session_id })), "MITRA_NOT_FOUND")
    }).pipe(Effect.provide(world)))

  it.effect("by a double click is handed over once, with one answer", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, session_id } = yield* chat
      const bunga = yield* onlineMitra(2)
      const id = newCommand()
      const answers = yield* Effect.all(
        [handOver(session_id, ayu, bunga, id), handOver(session_id, ayu, bunga, id)],
        { concurrency: 2 }
      )
      assert.deepStrictEqual(answers[0], answers[1])
      assert.strictEqual((yield* history(bunga, session_id)).handovers.length, 1)
    }).pipe(Effect.provide(world)))

  it.effect("may be asked for again by its customer from either mitra", () =>
    Effect.gen(function*() {
      const { ayu, bunga, sari, session_id } = yield* handedOver
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      for (const { id } of [ayu, bunga]) {
        yield* sari.call("customer.create_payment", {
          command_id: newCommand(),
          tier_id: "chat-5",
          topic: "regular",
          target_mitra_id: id
        })
      }
      yield* order(sari)
    }).pipe(Effect.provide(world)))
})

describe("chat.sessions", () => {
  it.effect("pages both ways: to the oldest, and from there to what ended since", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const over: Array<string> = []
      const another = Effect.gen(function*() {
        const { session_id } = yield* request(sari)
        yield* ayu.call("mitra.accept", { command_id: newCommand(), session_id })
        yield* sari.call("chat.end", { command_id: newCommand(), session_id })
        yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "" })
        yield* TestClock.adjust("1 second")
        over.unshift(session_id)
      })
      for (let n = 0; n < 3; n++) yield* another
      for (const phone of [sari, ayu]) {
        const page = (asked: { before: string | null; after?: string | null }) =>
          Effect.map(phone.call("chat.sessions", { ...asked, limit: 2 }), ({ newest, next, sessions }) => ({
            newest,
            next,
            ids: sessions.map((session) => session.session_id)
          }))
        const first = yield* page({ before: null })
        assert.deepStrictEqual(first.ids, over.slice(0, 2))
        const second = yield* page({ before: first.next })
        assert.deepStrictEqual([second.ids, second.next], [over.slice(2), null])
        const back = yield* page({ before: null, after: second.newest })
        assert.deepStrictEqual([back.ids, back.newest], [first.ids, first.newest])
        assert.deepStrictEqual(yield* page({ before: back.next }), second)
        assert.deepStrictEqual((yield* page({ before: null, after: first.newest })).ids, [])
      }
      yield* another
      const since = { before: null, after: `${t0}_${over[3]}`, limit: 1 }
      const [next] = (yield* sari.call("chat.sessions", since)).sessions
      assert.strictEqual(next?.session_id, over[2])
    }).pipe(Effect.provide(world)))

  it.effect("refuses a cursor that is none, and two of them", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const ask = (before: string | null, after: string | null) =>
        refused(sari.call("chat.sessions", { before, after, limit: 2 }))
      const cursor = `5_${sari.id}`
      assert.strictEqual(yield* ask("yesterday", null), "BAD_REQUEST")
      assert.strictEqual(yield* ask(null, "yesterday"), "BAD_REQUEST")
      assert.strictEqual(yield* ask(cursor, cursor), "BAD_REQUEST")
    }).pipe(Effect.provide(world)))
})
