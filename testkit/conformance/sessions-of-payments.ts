// What every Sessions adapter must know of payments: which session one has become, and a try that staff open,
// with its audit entry, or else refund, never both.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { Payments } from "../../src/services/payments/payments.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { atOnce, givenStaff, idOf, minute, staffId, t0, times } from "./given.ts"
import * as Stage from "./stage.ts"
import { payment, session } from "./stage.ts"
import { Written } from "./written.ts"

type Needs = Stage.Stage | Payments
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

/** Request `n` found no mitra in time. */
const failed = Effect.fnUntraced(function*(n: number) {
  const owner = yield* Stage.givenRequest(n)
  yield* Stage.act(owner, Stage.tick, { at: t0 + 2 * minute })
})

const again = (n: number, id: number, command: string, at = t0) => ({
  ...Stage.request(n, at),
  id: session(id),
  opened_by: command
})

const openAudited = (n: number, id: number, entry: number) =>
  Effect.flatMap(
    Sessions,
    (port) => port.open(again(n, id, `staff-try-${entry}`), t0, { audit: Stage.audited(entry) })
  )

const finding = (test: Test) => {
  test(
    "a payment's session is its newest one, whatever became of it and however many came after",
    Effect.gen(function*() {
      const port = yield* Sessions
      for (const n of [1, 2]) yield* failed(n)
      yield* Stage.givenPayment(3, { confirmed: true })
      const asked = [payment(1), payment(2), payment(3), idOf(0x99)]
      const found = () => Effect.map(port.ofPayments(asked), (all) => [...all].toSorted())
      assert.deepStrictEqual(yield* found(), [[payment(1), session(1)], [payment(2), session(2)]])
      // The newest by its time, not by its id.
      yield* Stage.openState(again(2, 0, "second-try", t0 + 3 * minute))
      assert.deepStrictEqual(yield* found(), [[payment(1), session(1)], [payment(2), session(0)]])
      assert.strictEqual((yield* port.ofPayments([])).size, 0)
    })
  )
}

const trying = (test: Test) => {
  test(
    "a try by staff is written with its audit entry; one that opens nothing leaves none",
    Effect.gen(function*() {
      yield* givenStaff
      const { auditIds } = yield* Written
      yield* failed(1)
      assert.deepStrictEqual(yield* openAudited(1, 9, 1), { _tag: "Opened", session_id: session(9) })
      assert.deepStrictEqual(yield* openAudited(1, 10, 2), { _tag: "Exists", session_id: session(9) })
      assert.deepStrictEqual(yield* auditIds, [Stage.audited(1).id])
    })
  )

  test(
    "a failed payment is retried or refunded by two colleagues at once, never both",
    Effect.gen(function*() {
      yield* givenStaff
      const desk = yield* Payments
      for (const n of times(6).map((index) => index + 1)) {
        yield* failed(n)
        const { before: _before, after: _after, ...entry } = Stage.audited(100 + n)
        const refund = { payment_id: payment(n), resolution: "refunded", note: "by transfer" } as const
        const [opened, decided] = yield* Effect.all([
          openAudited(n, 20 + n, n),
          desk.decide(refund, { ...entry, staff_id: staffId })
        ], { concurrency: "unbounded" })
        assert.strictEqual(opened._tag === "Opened", Result.isFailure(decided), `${n}: ${opened._tag}`)
        const status = (yield* desk.review(payment(n)))?.status
        assert.strictEqual(status, opened._tag === "Opened" ? "confirmed" : "failed_pairing")
      }
      assert.lengthOf(yield* (yield* Written).auditIds, 6)
    })
  )

  test(
    "of two colleagues who retry at once one opens the request and both are told it",
    Effect.gen(function*() {
      yield* givenStaff
      yield* failed(1)
      const opened = yield* atOnce([openAudited(1, 11, 1), openAudited(1, 12, 2)])
      assert.sameMembers(opened.map((each) => each._tag), ["Opened", "Exists"])
      assert.lengthOf(new Set(opened.map((each) => "session_id" in each ? each.session_id : "")), 1)
      assert.lengthOf(yield* (yield* Written).auditIds, 1)
    })
  )
}

export const sessionsOfPayments = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Sessions of payments (${name})`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))
    finding(test)
    trying(test)
  })
