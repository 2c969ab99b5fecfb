// The push worker under virtual time: who is told, who is left alone, and what becomes of a push when the
// provider, the phone, the socket or the worker itself lets go.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { checkingMaxMs, pushAttemptsMax } from "../../src/domain/push.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import * as PushWithoutProvider from "../../src/layers/push/push.without-provider.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import type { PushResult } from "../../src/services/push/push.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { minute, t0 } from "../../testkit/conformance/given.ts"
import * as Stage from "../../testkit/conformance/stage.ts"
import { asCustomer, customer, mitra, session } from "../../testkit/conformance/stage.ts"
import { setting } from "./playing.ts"
import { answering, asked, offered, pass, passAt, phone, pushWorld, rowOf, Sockets } from "./push-world.ts"

const offerEnds = t0 + minute
const sent: PushResult = { _tag: "Sent" }
const failed: PushResult = { _tag: "Failed", code: "busy" }

const story = (title: string, body: Effect.Effect<void, unknown, Layer.Success<typeof pushWorld>>) =>
  it.effect(title, () => Effect.provide(body, pushWorld))

const statusOf = (kind: string) => Effect.map(rowOf(kind), (row) => row?.status)

describe("who is told", () => {
  story(
    "a closed app hears of an offer: generic words, the ids, and no longer than the offer lasts",
    Effect.gen(function*() {
      yield* offered
      assert.deepInclude(yield* passAt(t0 + 5000), { claimed: 1, sent: 1 })
      const [message, ...others] = yield* asked
      assert.lengthOf(others, 0)
      const row = yield* rowOf("offer")
      if (message === undefined) return assert.fail("nobody was told")
      assert.deepStrictEqual(message.data, {
        push_id: row!.id,
        kind: "offer",
        session_id: session(1),
        expires_at: "2026-01-01T00:01:00.123Z"
      })
      assert.strictEqual(message.ttl_ms, offerEnds - (t0 + 5000))
      assert.strictEqual(message.expires_at, offerEnds)
      assert.strictEqual(message.collapse_id, `offer.${session(1)}`)
      assert.notMatch(JSON.stringify(message), /Sari|Bestie/)
      assert.strictEqual(row?.status, "sent")
      assert.deepInclude(yield* passAt(t0 + 6000), { claimed: 0, sent: 0 })
    })
  )

  story(
    "an open app is left alone, and told with what is left of the time once it closes",
    Effect.gen(function*() {
      const owner = yield* offered
      const { open } = yield* Sockets
      open.add(mitra(1))
      for (let second = 1; second < 20; second += 1) yield* passAt(t0 + second * 1000)
      assert.lengthOf(yield* asked, 0)
      open.delete(mitra(1))
      for (let second = 20; second < 26; second += 1) yield* passAt(t0 + second * 1000)
      const [message, ...others] = yield* asked
      assert.lengthOf(others, 0)
      assert.isAtMost(message?.ttl_ms ?? Number.NaN, 40_000)
      yield* Stage.act(owner, { _tag: "Cancel", by: asCustomer(1) }, { at: t0 + 27_000 })
      assert.strictEqual(yield* statusOf("offer"), "sent")
    })
  )

  story(
    "a message is not pushed to an app that stays open, even if it never says what it received",
    Effect.gen(function*() {
      const owner = yield* offered
      yield* Stage.act(owner, Stage.accept(1), { at: t0 + 20 })
      const { open } = yield* Sockets
      open.add(mitra(1))
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-1"), { at: t0 + 1000 })
      for (let at = 0; at <= checkingMaxMs + 5000; at += 1000) yield* passAt(t0 + at)
      assert.deepInclude(yield* rowOf("message"), { status: "skipped", last_error: "connected", attempts: 0 })
      assert.lengthOf(yield* asked, 0)
    })
  )

  story(
    "every phone of a person is told, and a person without one costs nothing",
    Effect.gen(function*() {
      const owner = yield* offered
      yield* phone("mitra", mitra(1), 2)
      yield* passAt(t0 + 1000)
      assert.lengthOf(yield* asked, 2)
      yield* Stage.act(owner, Stage.accept(1), { at: t0 + 2000 })
      yield* passAt(t0 + 3000)
      assert.lengthOf(yield* asked, 2)
      assert.deepInclude(yield* rowOf("paired"), { status: "skipped", last_error: "no_device" })
      assert.deepStrictEqual(yield* (yield* PushOutbox).costs(t0, 1), [
        { day: "2026-01-01", kind: "offer", sent: 2, failed: 0 }
      ])
    })
  )
})

describe("an offer that is over", () => {
  const withdrawals = {
    cancelled: { _tag: "Cancel", by: asCustomer(1) },
    withdrawn: { _tag: "WithdrawOffer", mitra_id: mitra(1) }
  } as const

  for (const [name, command] of Object.entries(withdrawals)) {
    story(
      `is not pushed when it is ${name} between the claim and the sending`,
      Effect.gen(function*() {
        const owner = yield* offered
        const context = yield* Effect.context<Stage.Stage>()
        const world = yield* Sockets
        world.meanwhile = Stage.act(owner, command, { at: t0 + 1000 }).pipe(
          Effect.orDie,
          Effect.provideContext(context)
        )
        assert.deepInclude(yield* passAt(t0 + 1000), { claimed: 1, sent: 0 })
        assert.lengthOf(yield* asked, 0)
        assert.strictEqual(yield* statusOf("offer"), "cancelled")
      })
    )
  }

  story(
    "is not pushed in its last second, nor after it, also when the check before was slow",
    Effect.gen(function*() {
      yield* offered
      const world = yield* Sockets
      world.meanwhile = TestClock.setTime(offerEnds - 500)
      yield* passAt(t0 + 1000)
      assert.lengthOf(yield* asked, 0)
      assert.strictEqual(yield* statusOf("offer"), "expired")
    })
  )

  story(
    "is not tried again",
    Effect.gen(function*() {
      const owner = yield* offered
      yield* answering(() => failed)
      yield* passAt(t0 + 1000)
      yield* Stage.act(owner, { _tag: "Cancel", by: asCustomer(1) }, { at: t0 + 1500 })
      for (let second = 2; second < 70; second += 1) yield* passAt(t0 + second * 1000)
      assert.lengthOf(yield* asked, 1)
    })
  )
})

describe("what the provider says", () => {
  story(
    "an invalid token is removed, and the person's other phone is told all the same",
    Effect.gen(function*() {
      yield* offered
      const good = yield* phone("mitra", mitra(1), 2)
      yield* answering((token) => token === good ? sent : { _tag: "TokenInvalid" })
      yield* passAt(t0 + 1000)
      const left = yield* (yield* Accounts).devicesOf({ user_type: "mitra", user_id: mitra(1) })
      assert.deepStrictEqual(left.map(({ token }) => token), [good])
      assert.strictEqual(yield* statusOf("offer"), "sent")
    })
  )

  story(
    "a failure is tried again later and later, with less time each time, and counted",
    Effect.gen(function*() {
      yield* offered
      yield* answering((_, nth) => nth < 3 ? failed : sent)
      for (let second = 1; second < 20; second += 1) yield* passAt(t0 + second * 1000)
      const ttls = (yield* asked).map(({ ttl_ms }) => ttl_ms)
      assert.lengthOf(ttls, 3)
      assert.deepStrictEqual(ttls, ttls.toSorted((a, b) => b - a))
      assert.deepInclude(yield* rowOf("offer"), { status: "sent", attempts: 2 })
      assert.deepStrictEqual(yield* (yield* PushOutbox).costs(t0, 1), [
        { day: "2026-01-01", kind: "offer", sent: 1, failed: 2 }
      ])
    })
  )

  story(
    "after so many failures, or one plain no, it is a dead letter with the provider's word",
    Effect.gen(function*() {
      const owner = yield* offered
      yield* Stage.act(owner, Stage.accept(1), { at: t0 + 20 })
      yield* phone("customer", customer(1))
      yield* answering(() => failed)
      for (let second = 1; second < 200; second += 1) yield* passAt(t0 + second * 1000)
      assert.lengthOf(yield* asked, pushAttemptsMax)
      assert.deepInclude(yield* rowOf("paired"), {
        status: "dead",
        attempts: pushAttemptsMax,
        last_error: "busy"
      })
      yield* answering(() => ({ _tag: "Rejected", code: "SENDER_ID_MISMATCH" }))
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-1"), { at: t0 + 200_000 })
      yield* passAt(t0 + 203_000)
      assert.deepInclude(yield* rowOf("message"), { status: "dead", last_error: "SENDER_ID_MISMATCH" })
    })
  )

  story(
    "\"slower\" stops the whole worker for as long as it says, and costs nobody an attempt",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2, 3)
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.offer(owner, t0 + 10, 1, 2, 3)
      for (const n of [1, 2, 3]) yield* phone("mitra", mitra(n))
      const slower: PushResult = { _tag: "Hold", reason: "rate_limited", retry_after_ms: 7000 }
      yield* answering((_, nth) => nth === 1 ? slower : sent)
      yield* passAt(t0 + 1000)
      const first = (yield* asked).length
      assert.isAtMost(first, 3)
      const { hold } = yield* (yield* PushOutbox).depth(t0 + 1000)
      assert.deepStrictEqual(hold, { until: t0 + 8000, reason: "rate_limited" })
      for (let second = 2; second < 8; second += 1) yield* passAt(t0 + second * 1000)
      assert.lengthOf(yield* asked, first)
      yield* passAt(t0 + 8000)
      const tables = yield* MemoryTables
      const rows = [...tables.push_outbox.values()]
      assert.deepStrictEqual(rows.map(({ attempts, status }) => [attempts, status]), [
        [0, "sent"],
        [0, "sent"],
        [0, "sent"]
      ])
    })
  )

  story(
    "a defect of the adapter costs one claim: the row is due again and its neighbours are told",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.offer(owner, t0 + 10, 1, 2)
      for (const n of [1, 2]) yield* phone("mitra", mitra(n))
      yield* answering((_, nth) => nth === 1 ? Effect.die("broken") : sent)
      assert.deepInclude(yield* passAt(t0 + 1000), { claimed: 2, sent: 1 })
      assert.deepInclude(yield* passAt(t0 + 32_000), { claimed: 1, sent: 1 })
    })
  )
})

describe("the worker", () => {
  story(
    "that dies between the provider's yes and the row tells again, and the phone shows one",
    Effect.gen(function*() {
      yield* offered
      const reached = yield* Deferred.make<void>()
      yield* answering((_, nth) =>
        nth === 1 ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never) : sent
      )
      yield* TestClock.setTime(t0 + 1000)
      const dying = yield* Effect.forkChild(pass)
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(dying)
      assert.strictEqual(yield* statusOf("offer"), "sending")
      assert.deepInclude(yield* passAt(t0 + 20_000), { claimed: 0 })
      assert.deepInclude(yield* passAt(t0 + 31_001), { claimed: 1, sent: 1 })
      const [first, second] = yield* asked
      assert.strictEqual(first?.collapse_id, second?.collapse_id)
      assert.isBelow(second?.ttl_ms ?? Number.NaN, first?.ttl_ms ?? Number.NaN)
    })
  )

  story(
    "that staff pause sends nothing, lets what expires expire, and goes on when they say so",
    Effect.gen(function*() {
      const owner = yield* offered
      yield* Stage.act(owner, Stage.accept(1), { at: t0 + 20 })
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-1"), { at: t0 + 30 })
      yield* setting("push_paused", true)
      assert.deepInclude(yield* passAt(t0 + 10_000), { claimed: 0, sent: 0 })
      yield* setting("push_paused", false)
      assert.deepInclude(yield* passAt(t0 + 11_000), { sent: 1 })
      assert.strictEqual(yield* statusOf("message"), "sent")
    })
  )

  it.effect("without a provider sends nothing, and every row expires in its time", () =>
    Effect.gen(function*() {
      yield* offered
      assert.deepInclude(yield* passAt(t0 + 10_000), { claimed: 0, expired: 0 })
      assert.deepInclude(yield* passAt(offerEnds), { claimed: 0, expired: 1 })
    }).pipe(Effect.provide(Layer.merge(pushWorld, PushWithoutProvider.layerNone))))

  story(
    "goes on in one pass while batches are full",
    Effect.gen(function*() {
      const numbers = Array.from({ length: 150 }, (_, n) => n + 1)
      yield* Stage.givenMitras(...numbers)
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.offer(owner, t0 + 10, ...numbers)
      yield* Effect.forEach(numbers, (n) => phone("mitra", mitra(n)))
      assert.deepInclude(yield* passAt(t0 + 1000), { claimed: 150, sent: 150 })
    })
  )
})
