// What every SessionOversight and Mitras adapter must show staff: what is due and how much is alive, pages of
// what is past in both directions, stuck sessions, which mitra changed a topic, and how a mitra answered.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { atOnce, givenStaff, minute, staffId, t0 } from "./given.ts"
import * as Stage from "./stage.ts"
import { accept, asCustomer, asMitra, customer, mitra, payment, session } from "./stage.ts"

type Body = Effect.Effect<void, unknown, Stage.Stage>
type Test = (title: string, body: Body) => void

const pages = (test: Test) => {
  test(
    "past sessions page both ways by the end and the id, of one person and of everybody",
    Effect.gen(function*() {
      for (const [n, at] of [[1, 100], [2, 300], [3, 200], [4, 200]] as const) {
        yield* Stage.givenPayment(n, { confirmed: true })
        const who = n === 4 ? customer(4) : customer(1)
        yield* Stage.openState({ ...Stage.request(n), customer_id: who })
        const by = { side: "customer", id: who } as const
        yield* Stage.act(yield* Stage.claim(n), { _tag: "Cancel", by }, { at: t0 + at })
      }
      const views = yield* SessionViews
      const oversight = yield* SessionOversight
      const idsOf = (states: ReadonlyArray<{ readonly id: string }>) => states.map(({ id }) => id)
      const mine = (after: string | null, limit: number) =>
        Effect.map(views.pastOf("customer", customer(1), { before: null, after, limit }), idsOf)
      assert.deepStrictEqual(yield* mine(null, 10), [session(2), session(3), session(1)])
      assert.deepStrictEqual(yield* mine(`${t0 + 100}_${session(1)}`, 10), [session(2), session(3)])
      assert.deepStrictEqual(yield* mine(`${t0 + 100}_${session(1)}`, 1), [session(3)])
      assert.deepStrictEqual(yield* mine(`${t0 + 300}_${session(2)}`, 10), [])
      assert.deepStrictEqual(yield* mine("what is this", 10), [])
      const all = (page: { before: string | null; after?: string | null; limit: number }) =>
        Effect.map(oversight.past(page), idsOf)
      assert.deepStrictEqual(yield* all({ before: null, limit: 10 }), [2, 4, 3, 1].map(session))
      assert.deepStrictEqual(yield* all({ before: `${t0 + 200}_${session(4)}`, limit: 1 }), [session(3)])
      assert.deepStrictEqual(
        yield* all({ before: null, after: `${t0 + 200}_${session(3)}`, limit: 10 }),
        [2, 4].map(session)
      )
    })
  )
}

const oversight = (test: Test) => {
  test(
    "stuck are the sessions whose deadline passed without effect, with their owner, oldest first",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      yield* Stage.givenRequest(1)
      const chat = yield* Stage.givenChat(2, 1)
      const port = yield* SessionOversight
      assert.deepStrictEqual(yield* port.stuck(t0, 10), [])
      const found = yield* port.stuck(t0 + 10 * minute, 10)
      assert.deepStrictEqual(found.map(({ id }) => id), [session(1), session(2)])
      assert.deepStrictEqual(found[1], {
        id: session(2),
        status: "active",
        customer_id: customer(2),
        mitra_id: mitra(1),
        deadline_at: (chat.state.ends_at ?? 0) - 3 * minute,
        owner_runner: "runner-a",
        owner_epoch: 1
      })
      assert.lengthOf(yield* port.stuck(t0 + 10 * minute, 1), 1)
    })
  )

  test(
    "the first reply is the mitra's first message, whatever the customer wrote before it",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      const port = yield* SessionOversight
      yield* Stage.act(chat, Stage.send(Stage.asCustomer(1), "a"), { at: t0 + 30 })
      assert.isNull(yield* port.firstReplyAt(session(1)))
      yield* Stage.act(chat, Stage.send(asMitra(1), "b"), { at: t0 + 40 })
      yield* Stage.act(chat, Stage.send(asMitra(1), "c"), { at: t0 + 50 })
      assert.strictEqual(yield* port.firstReplyAt(session(1)), t0 + 40)
      assert.isNull(yield* port.firstReplyAt(session(2)))
    })
  )

  test(
    "each change of a topic says who made it and when",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      for (const [seconds, topic] of [[30, "sensitive"], [40, "regular"]] as const) {
        yield* Stage.act(chat, { _tag: "SetTopic", by: asMitra(1), topic }, { at: t0 + seconds })
      }
      const port = yield* SessionOversight
      assert.deepStrictEqual(yield* port.topicChanges(session(1), 10), [
        { seq: 3, at: t0 + 30, topic: "sensitive", by: mitra(1) },
        { seq: 4, at: t0 + 40, topic: "regular", by: mitra(1) }
      ])
      assert.lengthOf(yield* port.topicChanges(session(1), 1), 1)
      assert.deepStrictEqual(yield* port.topicChanges(session(2), 10), [])
    })
  )
}

const alive = (test: Test) => {
  test(
    "due are the sessions whose deadline has come, earliest first; the counts are of those alive",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      yield* Stage.givenRequest(1)
      yield* Stage.givenChat(2, 1)
      const closing = yield* Stage.givenChat(3, 1)
      yield* Stage.act(closing, { _tag: "End", by: asCustomer(3) }, { at: t0 + 60 })
      yield* Stage.act(yield* Stage.givenRequest(4), { _tag: "Cancel", by: asCustomer(4) }, { at: t0 + 5 })
      const oversight = yield* SessionOversight
      const port = yield* Sessions
      assert.deepStrictEqual(yield* oversight.counts, { waiting: 1, active: 1, closing: 1 })
      const warning = t0 + 20 + 2 * minute
      assert.deepStrictEqual(yield* oversight.due(t0 - 1, 10), [])
      assert.deepStrictEqual(yield* oversight.due(t0, 10), [session(1)])
      assert.deepStrictEqual(yield* oversight.due(warning, 10), [session(1), session(2)])
      assert.deepStrictEqual(yield* oversight.due(t0 + 60 + 5 * minute, 10), [
        session(1),
        session(2),
        session(3)
      ])
      assert.deepStrictEqual(yield* oversight.due(t0 + 60 + 5 * minute, 2), [session(1), session(2)])
      assert.strictEqual((yield* port.find(session(2)))?.payment_id, payment(2))
    })
  )
}

const activity = (test: Test) => {
  test(
    "a mitra's activity counts what became of her offers, how fast she answered, and her chats",
    Effect.gen(function*() {
      yield* givenStaff
      yield* Stage.givenMitras(1, 2)
      const offered = Effect.fnUntraced(function*(n: number) {
        const owner = yield* Stage.givenRequest(n)
        yield* Stage.offer(owner, t0 + 10, 1, 2)
        return owner
      })
      const won = yield* offered(1)
      yield* Stage.act(won, accept(1), { at: t0 + 20 })
      yield* Stage.act(yield* offered(2), { _tag: "Decline", by: asMitra(1) }, { at: t0 + 40 })
      yield* Stage.act(yield* offered(3), accept(2), { at: t0 + 20 })
      yield* Stage.act(yield* offered(4), Stage.tick, { at: t0 + minute })
      yield* Stage.act(yield* offered(5), { _tag: "Cancel", by: asCustomer(5) }, { at: t0 + 20 })
      yield* offered(6)
      const command = {
        _tag: "Reroute",
        staff_id: staffId,
        from_mitra_id: mitra(1),
        mitra_id: mitra(2),
        reason: "ill"
      } as const
      yield* Stage.act(won, command, { at: t0 + 100 })
      const mitras = yield* Mitras
      assert.deepStrictEqual(yield* mitras.activity(mitra(1), t0, t0 + minute), {
        offers: 6,
        accepted: 1,
        declined: 1,
        missed: 1,
        run_out: 1,
        called_off: 1,
        open: 1,
        response_ms_mean: 20,
        response_ms_median: 20,
        chats: 1,
        chats_taken_over: 0,
        chats_handed_over: 1
      })
      const other = yield* mitras.activity(mitra(2), t0, t0 + minute)
      assert.deepInclude(other, { accepted: 1, chats: 2, chats_taken_over: 1, chats_handed_over: 0 })
      const none = yield* mitras.activity(mitra(1), t0 + minute, t0 + 2 * minute)
      assert.deepInclude(none, { offers: 0, chats: 0, response_ms_mean: null, response_ms_median: null })
    })
  )
}

const offerTimes = (test: Test) => {
  test(
    "an offer keeps when it was first seen and first accepted too late, and nobody else's is noted",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2, 3)
      yield* Stage.offer(yield* Stage.givenRequest(1), t0 + 10, 1, 2)
      const port = yield* SessionOversight
      const note = (n: number, what: "seen_at" | "late_accept_at", at: number, s = 1) =>
        port.noteOffer({ session_id: session(s), mitra_id: mitra(n), what, at: t0 + at })
      const [seen, late] = ["seen_at", "late_accept_at"] as const
      const notes = [note(1, seen, 20), note(2, seen, 30), note(2, late, 45), note(3, seen, 20)]
      assert.deepStrictEqual(yield* atOnce(notes), [true, true, true, false])
      assert.isTrue(yield* note(1, seen, 90))
      assert.isTrue(yield* note(2, late, 90))
      assert.isFalse(yield* note(1, seen, 20, 7))
      assert.deepStrictEqual(yield* port.offerTimes(session(1)), [
        { mitra_id: mitra(1), seen_at: t0 + 20, late_accept_at: null },
        { mitra_id: mitra(2), seen_at: t0 + 30, late_accept_at: t0 + 45 }
      ])
      assert.deepStrictEqual(yield* port.offerTimes(session(7)), [])
    })
  )
}

export const sessionOversight = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`SessionOversight and Mitras (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    alive(test)
    pages(test)
    oversight(test)
    offerTimes(test)
    activity(test)
  })
