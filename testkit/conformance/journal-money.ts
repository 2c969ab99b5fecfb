// What every Journal, Sessions and Payments adapter must do with the money of a session: charge with the
// yes, record what will not happen, and let a payment be tried again or given up, but never both.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { olderCount } from "../../src/domain/matching.ts"
import type { SessionCommand } from "../../src/domain/session/commands.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { atOnce, minute, t0 } from "./given.ts"
import * as Stage from "./stage.ts"
import { asCustomer, asMitra, customer, mitra, payment, session } from "./stage.ts"
import { Written } from "./written.ts"

type Body = Effect.Effect<void, unknown, Stage.Stage>
type Test = (title: string, body: Body) => void

/** Payment `n` for more time in session `of`, confirmed. */
const givenExtension = Effect.fnUntraced(function*(n: number, of: number) {
  const payments = yield* Payments
  const chat = yield* payments.find(payment(of))
  const pending = { status: "pending", confirmed_at: null, failure_cause: null } as const
  const extension = { product: "extension", extends_session_id: session(of), amount_idr: 7000 } as const
  yield* payments.create({ ...chat!, ...pending, ...extension, id: payment(n) })
  yield* payments.confirm({ payment_id: payment(n), amount_idr: 7000, provider_ref: "x", now: t0 + 20 })
  const command: SessionCommand = {
    _tag: "RequestExtension",
    payment_id: payment(n),
    amount_idr: 7000,
    purchased_ms: minute
  }
  return command
})

const answer = (approve: boolean): SessionCommand => ({
  _tag: "AnswerExtension",
  by: asMitra(1),
  extension_seq: 3,
  approve
})

const standing = Effect.fnUntraced(function*(n: number) {
  const found = yield* (yield* Payments).find(payment(n))
  return { status: found?.status, failure_cause: found?.failure_cause, product: found?.product }
})

const extending = (test: Test) => {
  test(
    "a pending extension is stored whole, asks the mitra, and charges nothing",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      yield* Stage.act(chat, yield* givenExtension(2, 1), { at: t0 + 30 })
      const stored = yield* (yield* Sessions).find(session(1))
      assert.deepStrictEqual(stored, chat.state)
      assert.strictEqual(stored?.status, "extending")
      assert.strictEqual(stored?.extension?.payment_id, payment(2))
      const written = yield* Written
      assert.lengthOf(yield* written.transactions(session(1)), 1)
      const pushes = yield* written.pushes(session(1))
      assert.deepInclude(pushes, { user_id: mitra(1), kind: "extension", status: "pending" })
      assert.deepStrictEqual(
        (yield* (yield* Payments).confirmedWithoutSession(10)).map((each) => each.id),
        [payment(2)]
      )
    })
  )

  test(
    "an approval charges the extension once, under its own payment",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      yield* Stage.act(chat, yield* givenExtension(2, 1), { at: t0 + 30 })
      const verdict = yield* Stage.act(chat, answer(true), { at: t0 + 40 })
      assert.deepStrictEqual(verdict, { _tag: "Committed" })
      assert.deepStrictEqual(yield* (yield* Sessions).find(session(1)), chat.state)
      const charges = yield* (yield* Written).transactions(session(1))
      assert.sameDeepMembers([...charges], [
        { payment_id: payment(1), mitra_id: mitra(1), amount_idr: 10_000 },
        { payment_id: payment(2), mitra_id: mitra(1), amount_idr: 7000 }
      ])
      assert.strictEqual((yield* standing(2)).status, "consumed")
      assert.deepStrictEqual(yield* (yield* Payments).confirmedWithoutSession(10), [])
    })
  )

  test(
    "a rejection fails the payment with its cause, and gives the mitra's place back",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      yield* Stage.act(chat, yield* givenExtension(2, 1), { at: t0 + 30 })
      yield* Stage.act(chat, answer(false), { at: t0 + 40 })
      assert.deepStrictEqual(yield* (yield* Sessions).find(session(1)), chat.state)
      assert.deepStrictEqual(yield* standing(2), {
        status: "failed_pairing",
        failure_cause: "extension_rejected",
        product: "extension"
      })
      assert.lengthOf(yield* (yield* Written).transactions(session(1)), 1)
    })
  )

  test(
    "an approval on a payment that was taken back meanwhile is refused and writes nothing",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      yield* Stage.act(chat, yield* givenExtension(2, 1), { at: t0 + 30 })
      yield* (yield* Payments).fail(payment(2), "taken back", t0 + 35)
      const { everything } = yield* Written
      const before = yield* everything
      const verdict = yield* Stage.act(chat, answer(true), { at: t0 + 40 })
      assert.strictEqual(verdict._tag === "Refused" ? verdict.refusal.code : "", "PAYMENT_NOT_PENDING")
      assert.deepStrictEqual(yield* everything, before)
    })
  )
}

const again = (n: number, id: number, command: string) => ({
  ...Stage.request(n),
  id: session(id),
  opened_by: command
})

const trying = (test: Test) => {
  test(
    "a request that found nobody notes its cause on the payment; the next pairing takes it off again",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const first = yield* Stage.givenRequest(1)
      yield* Stage.act(first, Stage.tick, { at: t0 + 2 * minute })
      assert.deepInclude(yield* standing(1), { status: "confirmed", failure_cause: "no_mitra_available" })
      yield* Stage.openState(again(1, 9, "second-try"))
      const second = yield* Stage.claim(9)
      yield* Stage.offer(second, t0 + 10, 1)
      yield* Stage.act(second, Stage.accept(1), { at: t0 + 20 })
      assert.deepInclude(yield* standing(1), { status: "consumed", failure_cause: null })
    })
  )

  test(
    "another try is opened once per command, also when the command comes ten times at once",
    Effect.gen(function*() {
      const first = yield* Stage.givenRequest(1)
      yield* Stage.act(first, Stage.tick, { at: t0 + 2 * minute })
      const tries = Array.from(
        { length: 10 },
        (_, index) => Stage.openState(again(1, 20 + index, "second-try"))
      )
      const opened = yield* atOnce(tries)
      assert.lengthOf(opened.filter((each) => each._tag === "Opened"), 1)
      const ids = opened.map((each) => "session_id" in each ? each.session_id : each._tag)
      assert.lengthOf(new Set(ids), 1)
      const second = yield* Stage.claim(20 + opened.findIndex((each) => each._tag === "Opened"))
      yield* Stage.act(second, Stage.tick, { at: t0 + 5 * minute })
      assert.deepStrictEqual(yield* Stage.openState(again(1, 40, "second-try")), {
        _tag: "Exists",
        session_id: ids[0]!
      })
    })
  )

  test(
    "a payment is given up or tried again, never both, however close they come",
    Effect.gen(function*() {
      const payments = yield* Payments
      for (let n = 1; n <= 8; n += 1) {
        const first = yield* Stage.givenRequest(n)
        yield* Stage.act(first, Stage.tick, { at: t0 + 2 * minute })
        const [opened, given] = yield* Effect.all([
          Stage.openState(again(n, 60 + n, "second-try")),
          payments.abandon({ id: payment(n) }, t0 + 3 * minute)
        ], { concurrency: "unbounded" })
        assert.strictEqual(opened._tag === "Opened", Result.isFailure(given))
        const { status } = yield* standing(n)
        assert.strictEqual(status, opened._tag === "Opened" ? "confirmed" : "abandoned")
        if (opened._tag !== "Opened") assert.strictEqual(opened._tag, "NotPaid")
      }
    })
  )

  test(
    "money that comes after giving up opens nothing: it is a failure that staff see",
    Effect.gen(function*() {
      const payments = yield* Payments
      yield* Stage.givenPayment(1, { confirmed: false })
      yield* payments.abandon({ id: payment(1) }, t0 + minute)
      const found = yield* payments.find(payment(1))
      const word = { payment_id: payment(1), amount_idr: found?.amount_idr ?? 0, provider_ref: "late" }
      const heard = yield* payments.confirm({ ...word, now: t0 + 2 * minute })
      assert.strictEqual(heard._tag, "Confirmed")
      assert.strictEqual(
        (yield* payments.confirm({ ...word, now: t0 + 3 * minute }))._tag,
        "AlreadyConfirmed"
      )
      assert.deepInclude(yield* standing(1), { status: "abandoned", failure_cause: "abandoned" })
      const troubled = yield* payments.troubled({ before: null, limit: 10 })
      assert.deepStrictEqual(troubled.map(({ failed_at, id }) => [id, failed_at]), [
        [payment(1), t0 + 2 * minute]
      ])
      assert.deepStrictEqual(yield* payments.confirmedWithoutSession(10), [])
    })
  )

  test(
    "giving up is recorded for staff when money came, and is no failure when none did",
    Effect.gen(function*() {
      const payments = yield* Payments
      yield* Stage.givenPayment(1, { confirmed: false })
      yield* Stage.givenPayment(2, { confirmed: true })
      for (const n of [1, 2, 2]) yield* payments.abandon({ id: payment(n) }, t0 + minute)
      assert.deepInclude(yield* standing(1), { status: "abandoned", failure_cause: null })
      assert.deepInclude(yield* standing(2), { status: "abandoned", failure_cause: "abandoned" })
      const unknown = yield* payments.abandon({ id: payment(9) }, t0)
      assert.strictEqual(Result.isFailure(unknown) ? unknown.failure.code : "", "PAYMENT_NOT_FOUND")
    })
  )
}

const owing = (test: Test) => {
  test(
    "what is owed when a mitra is gone is noted on the payment that was charged, which stays charged",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      const mitra_absence = { cause: "mitra_deactivated", since: t0 + 100 } as const
      yield* Stage.act(chat, { _tag: "CheckMitra" }, { at: t0 + 100, mitra_absence })
      yield* Stage.act(chat, Stage.tick, { at: t0 + 100 + 10 * minute })
      assert.strictEqual((yield* (yield* Sessions).find(session(1)))?.end_reason, "mitra_gone")
      assert.deepInclude(yield* standing(1), { status: "consumed", failure_cause: "mitra_gone" })
    })
  )
}

const lining = (test: Test) => {
  test(
    "the line holds blast requests that look, oldest first, and counts who is ahead",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      for (const [n, later] of [[1, 3], [2, 1], [3, 2]] as const) {
        yield* Stage.givenPayment(n, { confirmed: true })
        yield* Stage.openState(Stage.request(n, t0 + later))
      }
      const port = yield* Sessions
      const oversight = yield* SessionOversight
      const ahead = (n: number, now = t0 + 10, limit = 200) =>
        Effect.flatMap(
          port.find(session(n)),
          (state) => Effect.map(port.aheadOf(state!, now, limit), olderCount)
        )
      assert.deepStrictEqual(yield* oversight.waiting(t0 + 10, 10), [session(2), session(3), session(1)])
      assert.deepStrictEqual(yield* oversight.waiting(t0 + 10, 2), [session(2), session(3)])
      assert.deepStrictEqual([yield* ahead(2), yield* ahead(3), yield* ahead(1)], [0, 1, 2])
      assert.strictEqual(yield* ahead(1, t0 + 10, 1), 1)
      // Asked, the oldest no longer looks, but is still ahead; over, it is neither.
      const oldest = yield* Stage.claim(2)
      yield* Stage.offer(oldest, t0 + 10, 1)
      assert.deepStrictEqual(yield* oversight.waiting(t0 + 10, 10), [session(3), session(1)])
      assert.strictEqual(yield* ahead(1), 2)
      yield* Stage.act(oldest, { _tag: "Cancel", by: asCustomer(2) }, { at: t0 + 20 })
      assert.strictEqual(yield* ahead(1), 1)
      assert.deepStrictEqual(yield* oversight.waiting(t0 + 2 * minute, 10), [])
      assert.strictEqual(yield* ahead(1, t0 + 2 * minute), 0)
    })
  )

  test(
    "it is known which chat ends next, and who has met whom",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const port = yield* SessionViews
      assert.isNull(yield* port.nthEnd(1))
      const first = yield* Stage.givenChat(1, 1)
      yield* Stage.givenChat(2, 2)
      assert.strictEqual(yield* port.nthEnd(1), first.state.ends_at)
      assert.isNull(yield* port.nthEnd(3))
      assert.isFalse(yield* port.haveMet(customer(1), mitra(1)))
      yield* Stage.act(first, { _tag: "End", by: asCustomer(1) }, { at: t0 + 50 })
      assert.isTrue(yield* port.haveMet(customer(1), mitra(1)))
      yield* Stage.act(first, { _tag: "Goodbye", by: asCustomer(1), text: "" }, { at: t0 + 60 })
      assert.isTrue(yield* port.haveMet(customer(1), mitra(1)))
      assert.isFalse(yield* port.haveMet(customer(1), mitra(2)))
      assert.isFalse(yield* port.haveMet(customer(2), mitra(1)))
    })
  )
}

export const journalMoney = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`Journal, money and the line (${name})`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))
    extending(test)
    trying(test)
    owing(test)
    lining(test)
  })
