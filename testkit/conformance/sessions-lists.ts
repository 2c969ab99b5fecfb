// What every Sessions adapter must list: what is alive, past, offered and due, for whom, in which order
// and page by page.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { minute, staffId, t0 } from "./given.ts"
import * as Stage from "./stage.ts"
import { accept, asCustomer, customer, mitra, payment, session } from "./stage.ts"

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
      const port = yield* Sessions
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
      const port = yield* Sessions
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
    "offers to mitras whose account is not active are found while they are pending",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2, 3)
      const asked = yield* Stage.givenRequest(1)
      yield* Stage.offer(asked, t0 + 10, 1, 2, 3)
      const mitras = yield* Mitras
      assert.deepStrictEqual(yield* mitras.offersOfInactive(10), [])
      for (const n of [3, 1]) {
        yield* Stage.actAsMitra(n, { _tag: "Deactivate", staff_id: staffId }, t0 + 15)
      }
      const found = [1, 3].map((n) => ({ session_id: session(1), mitra_id: mitra(n) }))
      assert.deepStrictEqual(yield* mitras.offersOfInactive(10), found)
      assert.deepStrictEqual(yield* mitras.offersOfInactive(1), found.slice(0, 1))
      yield* Stage.act(asked, { _tag: "WithdrawOffer", mitra_id: mitra(1) }, { at: t0 + 20 })
      assert.deepStrictEqual(yield* mitras.offersOfInactive(10), found.slice(1))
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
      const port = yield* Sessions
      const open = yield* port.openOffersOf(mitra(1), t0 + 40)
      assert.deepStrictEqual(open.map((each) => each.session_id), [session(1)])
      assert.deepStrictEqual(yield* port.openOffersOf(mitra(1), t0 + minute), [])
      assert.deepStrictEqual(yield* port.pendingOfferSessionsOf(mitra(1)), [session(1)])
      const recent = yield* port.recentOffersOf(mitra(1), { before: null, limit: 10 })
      assert.deepStrictEqual(recent.map((each) => each.session_id), [session(2), session(1)])
      assert.deepStrictEqual(recent[0], {
        session_id: session(2),
        customer_name: "Sari 2",
        topic: "regular",
        mode: "chat",
        kind: "blast",
        duration_ms: 300_000,
        offer: taken.state.offers[0]!,
        winner_at: t0 + 30
      })
      assert.deepStrictEqual(yield* port.recentOffersOf(mitra(1), { before: session(2), limit: 1 }), open)
      assert.deepStrictEqual(yield* port.recentOffersOf(mitra(1), { before: session(1), limit: 1 }), [])
    })
  )

  test(
    "due are the sessions whose deadline has come, earliest first; the counts are of those alive",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      yield* Stage.givenRequest(1)
      yield* Stage.givenChat(2, 1)
      const closing = yield* Stage.givenChat(3, 1)
      yield* Stage.act(closing, { _tag: "End", by: asCustomer(3) }, { at: t0 + 60 })
      yield* cancel(yield* Stage.givenRequest(4), 4, t0 + 5)
      const port = yield* Sessions
      assert.deepStrictEqual(yield* port.counts, { waiting: 1, active: 1, closing: 1 })
      const warning = t0 + 20 + 2 * minute
      assert.deepStrictEqual(yield* port.due(t0 - 1, 10), [])
      assert.deepStrictEqual(yield* port.due(t0, 10), [session(1)])
      assert.deepStrictEqual(yield* port.due(warning, 10), [session(1), session(2)])
      assert.deepStrictEqual(yield* port.due(t0 + 60 + 5 * minute, 10), [session(1), session(2), session(3)])
      assert.deepStrictEqual(yield* port.due(t0 + 60 + 5 * minute, 2), [session(1), session(2)])
      assert.strictEqual((yield* port.find(session(2)))?.payment_id, payment(2))
    })
  )
}

export const sessionsLists = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`Sessions, lists (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    accounts(test)
    overviews(test)
  })
