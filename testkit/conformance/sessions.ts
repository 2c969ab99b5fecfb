// What every Sessions adapter must do: let the database decide who may open a request, hand out epochs,
// and give back exactly what the journal wrote, in the order that was promised.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { deadlineOf } from "../../src/domain/session/deadline.ts"
import { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { firstEpoch, Sessions } from "../../src/services/sessions/sessions.ts"
import { atOnce, givenStaff, idOf, minute, staffId, t0, times } from "./given.ts"
import * as Stage from "./stage.ts"
import { asCustomer, asMitra, customer, mitra, session } from "./stage.ts"

type Body = Effect.Effect<void, unknown, Stage.Stage>
type Test = (title: string, body: Body) => void

const cancel = (owner: Stage.Owner, n: number, at: number) =>
  Stage.act(owner, { _tag: "Cancel", by: asCustomer(n) }, { at })

const opening = (test: Test) => {
  test(
    "a request is opened once per payment, however often and from however many sides",
    Effect.gen(function*() {
      yield* Stage.givenPayment(1, { confirmed: true })
      const tries = times(8).map((n) => Stage.openState({ ...Stage.request(1), id: idOf(0x1000 + n) }))
      const opened = yield* atOnce(tries)
      const winner = opened.findIndex((each) => each._tag === "Opened")
      assert.strictEqual(opened.filter((each) => each._tag === "Opened").length, 1)
      for (const each of opened) {
        if (each._tag !== "Opened") {
          assert.deepStrictEqual(each, { _tag: "Exists", session_id: idOf(0x1000 + winner) })
        }
      }
    })
  )

  test(
    "a customer with a live session opens no other, and is told which one it is",
    Effect.gen(function*() {
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.givenPayment(2, { confirmed: true })
      const second = { ...Stage.request(2), customer_id: customer(1) }
      assert.deepStrictEqual(yield* Stage.openState(second), {
        _tag: "AlreadyActive",
        session_id: session(1)
      })
      yield* cancel(owner, 1, t0 + 5)
      assert.deepStrictEqual(yield* Stage.openState(second), { _tag: "Opened", session_id: second.id })
    })
  )

  test(
    "a session that found nobody leaves its payment free for another try, one that is closing the customer",
    Effect.gen(function*() {
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.act(owner, Stage.tick, { at: t0 + 2 * minute })
      assert.strictEqual(owner.state.status, "expired")
      const again = { ...Stage.request(1), id: session(9) }
      assert.deepStrictEqual(yield* Stage.openState(again), { _tag: "Opened", session_id: again.id })
      const third = { ...again, id: session(7) }
      assert.deepStrictEqual(yield* Stage.openState(third), { _tag: "Exists", session_id: session(9) })
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(2, 1)
      yield* Stage.act(chat, { _tag: "End", by: asCustomer(2) }, { at: t0 + 50 })
      assert.strictEqual(chat.state.status, "closing")
      assert.deepStrictEqual(yield* Stage.openState({ ...Stage.request(2), id: session(8) }), {
        _tag: "Exists",
        session_id: session(2)
      })
      yield* Stage.givenPayment(3, { confirmed: true })
      const next = { ...Stage.request(3), customer_id: customer(2) }
      assert.deepStrictEqual(yield* Stage.openState(next), { _tag: "Opened", session_id: next.id })
    })
  )
}

const owning = (test: Test) => {
  test(
    "each claim takes the next epoch for its runner; finding takes nothing",
    Effect.gen(function*() {
      yield* Stage.givenPayment(1, { confirmed: true })
      yield* Stage.openState(Stage.request(1))
      const oversight = yield* SessionOversight
      const port = yield* Sessions
      assert.deepStrictEqual(yield* oversight.ownerOf(session(1)), { runner: null, epoch: 0 })
      const epochs = yield* atOnce(times(6).map((n) => Stage.claim(1, `runner-${n}`)))
      assert.sameMembers(epochs.map(({ epoch }) => epoch), [1, 2, 3, 4, 5, 6])
      assert.deepStrictEqual(yield* port.find(session(1)), Stage.request(1))
      const last = epochs.findIndex(({ epoch }) => epoch === 6)
      assert.deepStrictEqual(yield* oversight.ownerOf(session(1)), { runner: `runner-${last}`, epoch: 6 })
    })
  )

  test(
    "a request that is opened for a runner is its own under the first epoch, and just as it was opened",
    Effect.gen(function*() {
      yield* Stage.givenPayment(1, { confirmed: true })
      const state = Stage.request(1)
      const port = yield* Sessions
      yield* port.open(state, deadlineOf(state) ?? 0, { owner: "runner-a" })
      const oversight = yield* SessionOversight
      assert.deepStrictEqual(yield* oversight.ownerOf(session(1)), { runner: "runner-a", epoch: firstEpoch })
      const first: Stage.Owner = { epoch: firstEpoch, state }
      assert.deepStrictEqual(yield* Stage.act(first, Stage.tick, { at: t0 }), { _tag: "Committed" })
      const { epoch, state: stored } = yield* Stage.claim(1, "runner-b")
      assert.deepStrictEqual({ epoch, state: stored }, { epoch: firstEpoch + 1, state: first.state })
      const late = Stage.act(first, { _tag: "Cancel", by: asCustomer(1) }, { at: t0 + 1 })
      assert.deepStrictEqual(yield* late, { _tag: "Fenced" })
    })
  )

  test(
    "an unknown session is null wherever one is asked for, and absent wherever many are",
    Effect.gen(function*() {
      const port = yield* Sessions
      const oversight = yield* SessionOversight
      const views = yield* SessionViews
      assert.isNull(yield* port.claim(session(1), "runner-a"))
      assert.isNull(yield* port.find(session(1)))
      assert.isNull(yield* views.participation(session(1)))
      assert.isNull(yield* oversight.ownerOf(session(1)))
      assert.strictEqual((yield* views.unread("customer", [session(1)])).size, 0)
      assert.strictEqual((yield* views.unread("mitra", [])).size, 0)
      assert.deepStrictEqual(yield* views.messages(session(1), { after: 0 }, 5), [])
      assert.deepStrictEqual(yield* views.eventsAfter(session(1), 0, 5), [])
    })
  )
}

/** Staff give chat `n` to another mitra. */
const hand = (owner: Stage.Owner, from: number, to: number, at: number) =>
  Stage.act(owner, {
    _tag: "Reroute",
    staff_id: staffId,
    from_mitra_id: mitra(from),
    mitra_id: mitra(to),
    reason: "ill"
  }, { at, reroute_to: { mitra_name: Stage.mitraName(to) } })

const participation = (test: Test) => {
  test(
    "the participants of a chat are read without the rest of it, with every mitra who had it before",
    Effect.gen(function*() {
      yield* givenStaff
      yield* Stage.givenMitras(1, 2)
      const chat = yield* Stage.givenChat(1, 1)
      const views = yield* SessionViews
      const people = { id: session(1), customer_id: customer(1), status: "active" } as const
      const first = { ...people, mitra_id: mitra(1), assigned: [mitra(1)] }
      assert.deepStrictEqual(yield* views.participation(session(1)), first)
      yield* hand(chat, 1, 2, t0 + 100)
      yield* hand(chat, 2, 1, t0 + 110)
      const { assigned = [], ...now } = (yield* views.participation(session(1))) ?? {}
      assert.deepStrictEqual(now, { ...people, mitra_id: mitra(1) })
      assert.sameMembers([...assigned], [mitra(1), mitra(2)])
    })
  )
}

/** A chat with four messages, numbered 3 to 6 after the offer and the pairing. */
export const givenMessages = Effect.gen(function*() {
  yield* Stage.givenMitras(1)
  const owner = yield* Stage.givenChat(1, 1)
  const sides = [asCustomer(1), asMitra(1), asCustomer(1), asCustomer(1)]
  for (const [index, by] of sides.entries()) {
    yield* Stage.act(owner, Stage.send(by, `client-message-${index}`, `text ${index}`), {
      at: t0 + 30 + index
    })
  }
  return owner
})

const repeats = (test: Test) => {
  test(
    "a message is found by its sender's own id for it, and by nobody else's",
    Effect.gen(function*() {
      yield* givenMessages
      const port = yield* Sessions
      const found = yield* port.sentMessage(session(1), customer(1), "client-message-0")
      assert.deepInclude(found, { seq: 3, body: "text 0", sent_at: t0 + 30 })
      assert.isNull(yield* port.sentMessage(session(1), mitra(1), "client-message-0"))
      assert.isNull(yield* port.sentMessage(session(2), customer(1), "client-message-0"))
      assert.isNull(yield* port.sentMessage(session(1), customer(1), "client-message-9"))
    })
  )
}

export const sessions = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`Sessions (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    opening(test)
    owning(test)
    participation(test)
    repeats(test)
  })
