// A session's life through the real actors, sweeps and cluster code, under virtual time: whole hours pass in
// milliseconds, and every instant is exact.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { chargedMs, isBalanced } from "../../src/domain/ledger.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { actorWorld, asMitra, onlineMitra, paidRequest, stateOf, toSession } from "./actor-world.ts"

const mitraSide = (id: string) => ({ side: "mitra", id }) as const
const customerSide = (id: string) => ({ side: "customer", id }) as const

/** Calls cross the (virtual) cluster: forked, then time moves, so that nothing waits for itself. */
const during = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(effect))
    yield* TestClock.adjust("50 millis")
    return yield* yield* Fiber.join(fiber)
  })

const message = (customer_id: string, body: string) =>
  ({
    _tag: "SendMessage",
    by: customerSide(customer_id),
    message_id: crypto.randomUUID(),
    client_message_id: crypto.randomUUID(),
    body
  }) as const

const running = (seconds: number) =>
  Effect.gen(function*() {
    const ayu = yield* during(onlineMitra("Ayu"))
    const request = yield* during(paidRequest(seconds))
    yield* during(toSession(request.session_id, { _tag: "Accept", by: mitraSide(ayu) }))
    const state = yield* stateOf(request.session_id)
    return { ...request, ayu, started: state.started_at ?? 0 }
  })

describe("a session's life", () => {
  it.effect("two accepts in the same instant: exactly one wins, the other is told why", () =>
    Effect.gen(function*() {
      const [ayu, bunga] = [yield* during(onlineMitra("Ayu")), yield* during(onlineMitra("Bunga"))]
      const { session_id } = yield* during(paidRequest(300))
      const accept = (id: string) => toSession(session_id, { _tag: "Accept", by: mitraSide(id) })
      const outcomes = yield* during(
        Effect.all([Effect.result(accept(ayu)), Effect.result(accept(bunga))], { concurrency: "unbounded" })
      )
      const codes = outcomes.map((one) =>
        one._tag === "Success" ? "won" : one.failure._tag === "Refusal" ? one.failure.code : "unavailable"
      )
      assert.sameMembers(codes, ["won", "OFFER_TAKEN"])
      const state = yield* stateOf(session_id)
      assert.strictEqual(state.offers.filter((offer) => offer.status === "accepted").length, 1)
      assert.strictEqual(state.mitra_id, codes[0] === "won" ? ayu : bunga)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("ends on the millisecond that was paid for, without anybody asking, and frees the mitra", () =>
    Effect.gen(function*() {
      const { ayu, session_id, started } = yield* running(300)
      assert.lengthOf(yield* (yield* Mitras).slotsOf(ayu), 1)
      yield* TestClock.adjust("299 seconds")
      const before = yield* stateOf(session_id)
      assert.strictEqual(before.status, "active")
      assert.strictEqual(before.warned_seconds, 60)
      yield* TestClock.adjust("2 seconds")
      const after = yield* stateOf(session_id)
      assert.strictEqual(after.status, "closing")
      assert.strictEqual(after.ledger.entries.at(-1)?.to, started + 300_000)
      assert.strictEqual(chargedMs(after.ledger), 300_000)
      assert.lengthOf(yield* (yield* Mitras).slotsOf(ayu), 0)
      yield* TestClock.adjust("6 minutes")
      const over = yield* stateOf(session_id)
      assert.strictEqual(over.status, "completed")
      assert.strictEqual(over.ended_at, started + 300_000 + 300_000)
      assert.isTrue(isBalanced(over.ledger))
    }).pipe(Effect.provide(actorWorld)))

  it.effect(
    "an idle actor rests, and the sweep wakes it in time for its deadline",
    () =>
      Effect.gen(function*() {
        const { session_id, started } = yield* running(3600)
        const tables = yield* MemoryTables
        const epoch = () => tables.chat_sessions.get(session_id)?.owner_epoch ?? 0
        const first = epoch()
        yield* TestClock.adjust("56 minutes")
        assert.strictEqual((yield* stateOf(session_id)).warned_seconds, null)
        yield* TestClock.adjust("70 seconds")
        assert.strictEqual((yield* stateOf(session_id)).warned_seconds, 180)
        // It really rested: its next activation took a new epoch.
        assert.isAbove(epoch(), first)
        yield* TestClock.adjust("3 minutes")
        const after = yield* stateOf(session_id)
        assert.strictEqual(after.status, "closing")
        assert.strictEqual(after.closing_ends_at, started + 3_600_000 + 300_000)
      }).pipe(Effect.provide(actorWorld)),
    30_000
  )

  it.effect("a message that arrives after the end is refused even if nobody noticed the end yet", () =>
    Effect.gen(function*() {
      const { customer_id, session_id } = yield* running(60)
      const first = yield* during(toSession(session_id, message(customer_id, "in time")))
      assert.strictEqual(first.seq, 3)
      yield* TestClock.adjust("61 seconds")
      const late = yield* during(Effect.flip(toSession(session_id, message(customer_id, "too late"))))
      assert.strictEqual(late._tag === "Refusal" ? late.code : "", "SESSION_CLOSING")
    }).pipe(Effect.provide(actorWorld)))

  it.effect("a message repeated after the end gets its first answer, because it was acknowledged", () =>
    Effect.gen(function*() {
      const { customer_id, session_id } = yield* running(60)
      const sent = message(customer_id, "in time")
      const first = yield* during(toSession(session_id, sent))
      yield* TestClock.adjust("61 seconds")
      const again = yield* during(toSession(session_id, { ...sent, message_id: crypto.randomUUID() }))
      assert.deepInclude(again, { seq: first.seq, message_id: first.message_id, at: first.at })
    }).pipe(Effect.provide(actorWorld)))

  it.effect("a request nobody answers expires when its window is over, and says why", () =>
    Effect.gen(function*() {
      yield* during(onlineMitra("Ayu"))
      const { session_id } = yield* during(paidRequest(300))
      assert.strictEqual((yield* stateOf(session_id)).status, "pending_acceptance")
      yield* TestClock.adjust("61 seconds")
      const state = yield* stateOf(session_id)
      assert.strictEqual(state.status, "expired")
      assert.strictEqual(state.end_reason, "window_over")
      assert.strictEqual(state.offers[0]?.ending, "expired")
    }).pipe(Effect.provide(actorWorld)))

  it.effect("a mitra who comes online while a customer waits is asked", () =>
    Effect.gen(function*() {
      const { session_id } = yield* during(paidRequest(300))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* stateOf(session_id)).status, "searching")
      const ayu = yield* during(onlineMitra("Ayu"))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* stateOf(session_id)).offers[0]?.mitra_id, ayu)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("deactivating a mitra withdraws her open offers and leaves her running chats alone", () =>
    Effect.gen(function*() {
      const { ayu, session_id } = yield* running(300)
      const waiting = yield* during(paidRequest(300, "Dewi"))
      assert.strictEqual((yield* stateOf(waiting.session_id)).offers[0]?.status, "pending")
      yield* during(asMitra(ayu, { _tag: "Deactivate", staff_id: crypto.randomUUID() }))
      yield* TestClock.adjust("1 second")
      const offer = (yield* stateOf(waiting.session_id)).offers[0]
      assert.deepInclude(offer, { status: "ignored", ending: "withdrawn" })
      assert.strictEqual((yield* stateOf(session_id)).status, "active")
    }).pipe(Effect.provide(actorWorld)))

  it.effect("a mitra whose pings stop goes offline, with the cause in her log", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      yield* TestClock.adjust("2 minutes")
      const mitras = yield* Mitras
      assert.strictEqual((yield* mitras.find(ayu))?.is_online, false)
      assert.deepInclude((yield* mitras.onlineLog(ayu, 1))[0], { is_online: false, cause: "stale_heartbeat" })
    }).pipe(Effect.provide(actorWorld)))
})
