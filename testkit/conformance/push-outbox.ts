// What every PushOutbox adapter must do for its worker: nothing twice at a time, nothing lost, nothing
// that is over, and one push for many messages.
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { atOnce, minute, t0, times } from "./given.ts"
import {
  claimAt,
  claimed,
  type Everything,
  finishAt,
  isWanted,
  leaseMs,
  offerEnds,
  offers,
  quietChat,
  statuses,
  testerOn
} from "./push-given.ts"
import * as Stage from "./stage.ts"
import { asCustomer, asMitra, mitra, session } from "./stage.ts"

type Test = ReturnType<typeof testerOn>

const claims = (test: Test) => {
  test(
    "what is due is claimed once, soonest to expire first, and bounded",
    Effect.gen(function*() {
      yield* offers(3)
      assert.lengthOf(yield* claimed(t0 + 9), 0)
      const [first] = yield* claimed(t0 + 10, 1)
      assert.deepInclude(first, {
        kind: "offer",
        user_type: "mitra",
        user_id: mitra(1),
        session_id: session(1),
        expires_at: offerEnds,
        created_at: t0 + 10,
        claims: 1,
        attempts: 0
      })
      assert.lengthOf(yield* claimed(t0 + 10), 2)
      assert.lengthOf(yield* claimed(t0 + 10), 0)
    })
  )

  test(
    "a claim that nobody finished is due again when its lease is over, and its late finish changes nothing",
    Effect.gen(function*() {
      yield* offers(1)
      const [lost] = yield* claimed(t0 + 10)
      assert.lengthOf(yield* claimed(t0 + 10 + leaseMs - 1), 0)
      const [again] = yield* claimed(t0 + 10 + leaseMs)
      assert.strictEqual(again?.claims, 2)
      yield* finishAt(lost!, { _tag: "Dead", code: "late" }, t0 + 11 + leaseMs)
      assert.isFalse(yield* isWanted(lost, t0 + 11 + leaseMs))
      assert.isTrue(yield* isWanted(again, t0 + 11 + leaseMs))
      assert.deepStrictEqual(yield* statuses(1), ["offer sending"])
    })
  )

  test(
    "workers that claim at the same moment share the rows out",
    Effect.gen(function*() {
      yield* offers(5)
      const found = yield* atOnce(times(4).map(() => claimed(t0 + 10, 3)))
      const rest = yield* claimed(t0 + 10)
      const ids = [...found.flat(), ...rest].map((push) => push.id)
      assert.lengthOf(ids, 5)
      assert.lengthOf(new Set(ids), 5)
    })
  )

  test(
    "a row waits, is tried again, and ends as it was said to end",
    Effect.gen(function*() {
      yield* offers(1)
      const [push] = yield* claimed(t0 + 10)
      yield* finishAt(push!, { _tag: "Waiting", due_at: t0 + 500 }, t0 + 20)
      assert.lengthOf(yield* claimed(t0 + 499), 0)
      const [second] = yield* claimed(t0 + 500)
      assert.strictEqual(second?.attempts, 0)
      yield* finishAt(second!, { _tag: "Retry", due_at: t0 + 900, code: "busy" }, t0 + 600)
      const [third] = yield* claimed(t0 + 900)
      assert.strictEqual(third?.attempts, 1)
      yield* finishAt(third!, { _tag: "Sent" }, t0 + 901)
      assert.lengthOf(yield* claimed(t0 + leaseMs), 0)
      assert.deepStrictEqual(yield* statuses(1), ["offer sent"])
    })
  )

  test(
    "while a hold lasts nothing is claimed, and a shorter one does not end it",
    Effect.gen(function*() {
      const outbox = yield* PushOutbox
      yield* offers(1)
      yield* outbox.hold({ until: t0 + 1000, reason: "rate_limited" })
      yield* outbox.hold({ until: t0 + 500, reason: "provider_failing" })
      assert.lengthOf(yield* claimed(t0 + 999), 0)
      const { hold } = yield* outbox.depth(t0 + 999)
      assert.deepStrictEqual(hold, { until: t0 + 1000, reason: "rate_limited" })
      assert.lengthOf(yield* claimed(t0 + 1000), 1)
      assert.isNull((yield* outbox.depth(t0 + 1000)).hold)
    })
  )
}

const whatIsOver = (test: Test) => {
  test(
    "an offer that is withdrawn is not claimed any more, whatever ended it",
    Effect.gen(function*() {
      const [one, two] = yield* offers(2)
      const [push] = yield* claimed(t0 + 10, 1)
      yield* finishAt(push!, { _tag: "Retry", due_at: t0 + 20, code: "busy" }, t0 + 11)
      yield* Stage.act(one!, { _tag: "Cancel", by: asCustomer(1) }, { at: t0 + 15 })
      yield* Stage.act(two!, Stage.accept(1), { at: t0 + 15 })
      assert.deepStrictEqual(yield* statuses(1), ["offer cancelled"])
      const found = yield* claimed(t0 + 20)
      assert.deepStrictEqual(found.map(({ kind }) => kind), ["paired"])
    })
  )

  test(
    "an offer withdrawn between the claim and the sending is not wanted, and stays withdrawn",
    Effect.gen(function*() {
      const [owner] = yield* offers(1)
      const [push] = yield* claimed(t0 + 10)
      assert.isTrue(yield* isWanted(push, t0 + 11))
      yield* Stage.act(owner!, { _tag: "Cancel", by: asCustomer(1) }, { at: t0 + 12 })
      assert.isFalse(yield* isWanted(push, t0 + 13))
      yield* finishAt(push!, { _tag: "Sent" }, t0 + 14)
      assert.deepStrictEqual(yield* statuses(1), ["offer cancelled"])
    })
  )

  test(
    "what has expired is marked and never handed out, at its very instant",
    Effect.gen(function*() {
      yield* offers(2)
      const [push] = yield* claimed(offerEnds - 1, 1)
      assert.isFalse(yield* isWanted(push, offerEnds))
      assert.deepStrictEqual(yield* claimAt(offerEnds), { pushes: [], over: 1 })
      assert.deepStrictEqual(yield* statuses(2), ["offer expired"])
    })
  )

  test(
    "a pairing, an extension and a closing are told only while they are going on",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenChat(1, 1)
      const [paired] = yield* claimed(t0 + 30)
      assert.strictEqual(paired?.kind, "paired")
      yield* Stage.act(owner, { _tag: "End", by: asCustomer(1) }, { at: t0 + 40 })
      assert.isFalse(yield* isWanted(paired, t0 + 41))
      const closing = yield* claimed(t0 + 41)
      assert.deepStrictEqual(closing.map(({ kind, user_type }) => `${kind} ${user_type}`).toSorted(), [
        "closing customer",
        "closing mitra"
      ])
      assert.isTrue(yield* isWanted(closing[0], t0 + 42))
      yield* Stage.act(owner, { _tag: "Goodbye", by: asCustomer(1), text: "bye" }, { at: t0 + 50 })
      assert.isFalse(yield* isWanted(closing[0], t0 + 51))
    })
  )
}

const messages = (test: Test) => {
  test(
    "many messages are one push, two seconds after the first, and once it is taken the next begins another",
    Effect.gen(function*() {
      const owner = yield* quietChat
      for (const n of times(5)) {
        const body = Stage.send(asCustomer(1), `message-${n}`)
        yield* Stage.act(owner, body, { at: t0 + 100 + n })
      }
      assert.lengthOf(yield* claimed(t0 + 2099), 0)
      const found = yield* claimed(t0 + 2100)
      assert.deepStrictEqual(found.map(({ kind, user_id }) => [kind, user_id]), [["message", mitra(1)]])
      yield* Stage.act(owner, Stage.send(asCustomer(1), "one-more"), { at: t0 + 2101 })
      yield* Stage.act(owner, Stage.send(asMitra(1), "an-answer"), { at: t0 + 2102 })
      const next = yield* claimed(t0 + 5000)
      assert.sameMembers(next.map(({ user_type }) => user_type), ["customer", "mitra"])
    })
  )

  test(
    "messages that reached the phone leave no row behind",
    Effect.gen(function*() {
      const owner = yield* quietChat
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-1"), { at: t0 + 100 })
      const { last_seq } = owner.state
      const receipt = { _tag: "MarkDelivered", by: asMitra(1), seq: last_seq } as const
      yield* Stage.act(owner, receipt, { at: t0 + 200 })
      assert.deepStrictEqual(yield* claimAt(t0 + 5000), { pushes: [], over: 1 })
      assert.notInclude((yield* statuses(1)).join(), "message")
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-2"), { at: t0 + 6000 })
      const [push] = yield* claimed(t0 + 9000)
      assert.isTrue(yield* isWanted(push, t0 + 9001))
      const later = { ...receipt, seq: owner.state.last_seq }
      yield* Stage.act(owner, later, { at: t0 + 9002 })
      assert.isFalse(yield* isWanted(push, t0 + 9003))
    })
  )

  test(
    "a message push that is tried again gives way to a newer one",
    Effect.gen(function*() {
      const owner = yield* quietChat
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-1"), { at: t0 + 100 })
      const [first] = yield* claimed(t0 + 2100)
      yield* finishAt(first!, { _tag: "Retry", due_at: t0 + 4000, code: "busy" }, t0 + 2200)
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-2"), { at: t0 + 2300 })
      const { over, pushes } = yield* claimAt(t0 + 4300)
      assert.deepStrictEqual([over, pushes.length], [1, 1])
      assert.notStrictEqual(pushes[0]?.id, first?.id)
    })
  )
}

const housekeeping = (test: Test) => {
  test(
    "tidying marks what has expired, keeps what is young, and keeps dead letters longer",
    Effect.gen(function*() {
      const outbox = yield* PushOutbox
      yield* offers(4)
      const [sent, dead, , open] = yield* claimed(t0 + 10)
      yield* finishAt(sent!, { _tag: "Sent" }, t0 + 20)
      yield* finishAt(dead!, { _tag: "Dead", code: "no" }, t0 + 20)
      yield* finishAt(open!, { _tag: "Waiting", due_at: t0 + 2 * minute }, t0 + 20)
      const at = (now: number, done_before: number, dead_before: number, limit = 100) =>
        outbox.tidy({ now, done_before, dead_before, limit })
      assert.deepStrictEqual(yield* at(offerEnds - 1, t0 + 20, t0), { expired: 0, deleted: 0 })
      assert.deepStrictEqual(yield* at(offerEnds, t0 + 20, t0, 1), { expired: 1, deleted: 0 })
      assert.deepStrictEqual(yield* at(offerEnds, t0 + 21, t0), { expired: 1, deleted: 1 })
      assert.deepStrictEqual(yield* at(offerEnds, offerEnds + 1, t0), { expired: 0, deleted: 2 })
      assert.deepStrictEqual(yield* at(offerEnds, offerEnds + 1, t0 + 21), { expired: 0, deleted: 1 })
    })
  )
}

export const pushOutbox = (name: string, layer: Layer.Layer<Everything>) =>
  describe(`PushOutbox (${name})`, () => {
    const test = testerOn(layer)
    claims(test)
    whatIsOver(test)
    messages(test)
    housekeeping(test)
  })
