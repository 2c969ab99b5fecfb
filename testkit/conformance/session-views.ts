// What every SessionViews adapter must show a phone: what is alive, past and offered, in which order and page
// by page; and messages and events as the journal wrote them.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { numbered, type SessionEvent } from "../../src/domain/session/events.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { minute, staffId, t0 } from "./given.ts"
import { givenMessages } from "./sessions.ts"
import * as Stage from "./stage.ts"
import { accept, asCustomer, asMitra, customer, mitra, session } from "./stage.ts"

type Body = Effect.Effect<void, unknown, Stage.Stage>
type Test = (title: string, body: Body) => void

const cancel = (owner: Stage.Owner, n: number, at: number) =>
  Stage.act(owner, { _tag: "Cancel", by: asCustomer(n) }, { at })

const accounts = (test: Test) => {
  test(
    "a customer sees open requests and chats as alive, a mitra only her chats; neither what is over",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      yield* Stage.offer(yield* Stage.givenRequest(1), t0 + 10, 1)
      const chat = yield* Stage.givenChat(2, 1)
      const closing = yield* Stage.givenChat(3, 1)
      yield* Stage.act(closing, { _tag: "End", by: asCustomer(3) }, { at: t0 + 60 })
      const over = yield* Stage.givenRequest(4)
      yield* cancel(over, 4, t0 + 5)
      const port = yield* SessionViews
      const alive = (side: "customer" | "mitra", id: string) =>
        Effect.map(port.liveOf(side, id), (states) => states.map((state) => state.id))
      assert.deepStrictEqual(yield* alive("customer", customer(1)), [session(1)])
      assert.deepStrictEqual(yield* alive("customer", customer(3)), [session(3)])
      assert.deepStrictEqual(yield* alive("customer", customer(4)), [])
      assert.deepStrictEqual(yield* alive("mitra", mitra(1)), [session(2), session(3)])
      assert.deepStrictEqual(yield* alive("mitra", mitra(2)), [])
      assert.deepStrictEqual(yield* port.liveOf("customer", customer(2)), [chat.state])
    })
  )

  test(
    "past sessions come newest end first, page by page, without their offers",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const first = yield* Stage.givenRequest(1)
      yield* Stage.offer(first, t0 + 1, 1)
      yield* cancel(first, 1, t0 + 100)
      for (const [n, at] of [[2, 300], [3, 200], [4, 200]] as const) {
        yield* Stage.givenPayment(n, { confirmed: true })
        yield* Stage.openState({ ...Stage.request(n), customer_id: customer(1), customer_name: "Sari 1" })
        yield* Stage.act(yield* Stage.claim(n), { _tag: "Cancel", by: asCustomer(1) }, { at: t0 + at })
      }
      const port = yield* SessionViews
      const page = (before: string | null, limit: number) =>
        port.pastOf("customer", customer(1), { before, limit })
      const states = yield* page(null, 10)
      assert.deepStrictEqual(states.map((state) => state.id), [
        session(2),
        session(4),
        session(3),
        session(1)
      ])
      assert.deepStrictEqual(states[3], { ...first.state, offers: [] })
      const rest = yield* page(`${t0 + 200}_${session(4)}`, 1)
      assert.deepStrictEqual(rest.map((state) => state.id), [session(3)])
      assert.deepStrictEqual(yield* page(`999999999999999_${session(1)}`, 10), states)
      assert.deepStrictEqual(yield* page("what is this", 10), [])
      assert.deepStrictEqual(yield* port.pastOf("mitra", mitra(1), { before: null, limit: 10 }), [])
    })
  )
}

const overviews = (test: Test) => {
  test(
    "the history has a name that stays",
    Effect.gen(function*() {
      const port = yield* SessionViews
      const name = yield* port.epoch
      assert.match(name, /^[\w-]{4,100}$/)
      yield* Stage.givenMitras(1)
      yield* Stage.givenRequest(1)
      assert.strictEqual(yield* port.epoch, name)
    })
  )

  test(
    "an offer that reached a mitra just as she was drained is found, too",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const asked = yield* Stage.givenRequest(1)
      yield* Stage.offer(asked, t0 + 10, 1, 2)
      yield* Stage.actAsMitra(2, { _tag: "Drain", staff_id: staffId }, t0 + 15)
      const mitras = yield* Mitras
      assert.deepStrictEqual(yield* mitras.offersToWithdraw(10), [
        { session_id: session(1), mitra_id: mitra(2) }
      ])
    })
  )

  test(
    "offers to mitras whose account is not active are found while they are pending",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2, 3)
      const asked = yield* Stage.givenRequest(1)
      yield* Stage.offer(asked, t0 + 10, 1, 2, 3)
      const mitras = yield* Mitras
      assert.deepStrictEqual(yield* mitras.offersToWithdraw(10), [])
      for (const n of [3, 1]) {
        yield* Stage.actAsMitra(n, { _tag: "Deactivate", staff_id: staffId }, t0 + 15)
      }
      const found = [1, 3].map((n) => ({ session_id: session(1), mitra_id: mitra(n) }))
      assert.deepStrictEqual(yield* mitras.offersToWithdraw(10), found)
      assert.deepStrictEqual(yield* mitras.offersToWithdraw(1), found.slice(0, 1))
      yield* Stage.act(asked, { _tag: "WithdrawOffer", mitra_id: mitra(1) }, { at: t0 + 20 })
      assert.deepStrictEqual(yield* mitras.offersToWithdraw(10), found.slice(1))
    })
  )

  test(
    "a mitra's open offers are those she may still answer, her recent ones all of them, newest first",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      yield* Stage.offer(yield* Stage.givenRequest(1), t0 + 10, 1, 2)
      const taken = yield* Stage.givenRequest(2)
      yield* Stage.offer(taken, t0 + 20, 1, 2)
      yield* Stage.act(taken, accept(2), { at: t0 + 30 })
      const views = yield* SessionViews
      const port = yield* Sessions
      const open = yield* views.openOffersOf(mitra(1), t0 + 40)
      assert.deepStrictEqual(open.map((each) => each.session_id), [session(1)])
      assert.deepStrictEqual(yield* views.openOffersOf(mitra(1), t0 + minute), [])
      assert.deepStrictEqual(yield* port.pendingOfferSessionsOf(mitra(1)), [session(1)])
      const recent = yield* views.recentOffersOf(mitra(1), { before: null, limit: 10 })
      assert.deepStrictEqual(recent.map((each) => each.session_id), [session(2), session(1)])
      assert.deepStrictEqual(recent[0], {
        session_id: session(2),
        customer_name: "Sari 2",
        topic: "regular",
        language: "id",
        mode: "chat",
        kind: "blast",
        duration_ms: 300_000,
        offer: taken.state.offers[0]!,
        winner_at: t0 + 30
      })
      assert.deepStrictEqual(yield* views.recentOffersOf(mitra(1), { before: session(2), limit: 1 }), open)
      assert.deepStrictEqual(yield* views.recentOffersOf(mitra(1), { before: session(1), limit: 1 }), [])
    })
  )
}

const transcript = (test: Test) => {
  test(
    "messages page both ways, always in the order of their sequence",
    Effect.gen(function*() {
      yield* givenMessages
      const port = yield* SessionViews
      const seqs = (range: { before: number } | { after: number }, limit: number) =>
        Effect.map(port.messages(session(1), range, limit), (found) => found.map((message) => message.seq))
      assert.deepStrictEqual(yield* seqs({ before: Number.MAX_SAFE_INTEGER }, 2), [5, 6])
      assert.deepStrictEqual(yield* seqs({ before: 5 }, 10), [3, 4])
      assert.deepStrictEqual(yield* seqs({ after: 0 }, 3), [3, 4, 5])
      assert.deepStrictEqual(yield* seqs({ after: 5 }, 3), [6])
      assert.deepStrictEqual(yield* seqs({ after: 6 }, 3), [])
      const [message] = yield* port.messages(session(1), { before: 4 }, 1)
      assert.deepInclude(message, {
        session_id: session(1),
        client_message_id: "client-message-0",
        side: "customer",
        sender_id: customer(1),
        body: "text 0",
        sent_at: t0 + 30
      })
    })
  )

  test(
    "the events after a sequence come exactly as they were decided, messages among them, in order",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const owner = yield* Stage.givenRequest(1)
      const decided: Array<SessionEvent> = []
      const play = (command: Parameters<typeof Stage.make>[1], given: Stage.Circumstances) =>
        Effect.gen(function*() {
          const { after, write } = yield* Stage.make(owner, command, given)
          decided.push(...write.session!.events.map(({ event }) => event))
          yield* Stage.commit(write)
          owner.state = after
        })
      yield* play(Stage.tick, { at: t0 + 10, candidates: Stage.candidates(2, 1) })
      yield* play(accept(1), { at: t0 + 20 })
      yield* play(Stage.send(asCustomer(1), "client-message-1", "halo \u{1F44B} \"ya\" \\ \n"), {
        at: t0 + 30
      })
      yield* play({ _tag: "SetTopic", by: asMitra(1), topic: "sensitive" }, { at: t0 + 40 })
      yield* play(Stage.tick, { at: t0 + 10 * minute })
      yield* play({ _tag: "Goodbye", by: asCustomer(1), text: "dadah" }, { at: t0 + 10 * minute + 1 })
      const views = yield* SessionViews
      const stored = yield* views.eventsAfter(session(1), 0, 100)
      const expected = numbered(decided, 0).map(({ event, seq }) => ({ session_id: session(1), seq, event }))
      assert.deepStrictEqual(stored as ReadonlyArray<unknown>, expected)
      assert.deepStrictEqual(yield* views.eventsAfter(session(1), 1, 2), stored.slice(1, 3))
    })
  )

  test(
    "unread are the other side's messages beyond what this side has read",
    Effect.gen(function*() {
      const owner = yield* givenMessages
      const port = yield* SessionViews
      const both = [session(1), session(2)]
      assert.deepStrictEqual([...(yield* port.unread("mitra", both))], [[session(1), 3]])
      assert.deepStrictEqual([...(yield* port.unread("customer", both))], [[session(1), 1]])
      yield* Stage.act(owner, { _tag: "MarkRead", by: asMitra(1), seq: 5 }, { at: t0 + 50 })
      yield* Stage.act(owner, { _tag: "MarkRead", by: asCustomer(1), seq: 4 }, { at: t0 + 51 })
      assert.deepStrictEqual([...(yield* port.unread("mitra", both))], [[session(1), 1]])
      assert.strictEqual((yield* port.unread("customer", both)).size, 0)
    })
  )
}

export const sessionViews = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`SessionViews (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    accounts(test)
    overviews(test)
    transcript(test)
  })
