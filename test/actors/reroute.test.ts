// Hand-overs and proposals through the real actors and sweeps under virtual time: who is proposed when, what
// the ledger says afterwards, and that a process which dies at the worst line leaves places and record right.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { MitraActors } from "../../src/actors/mitra/protocol.ts"
import { SessionActors } from "../../src/actors/session/protocol.ts"
import { chargedMs, isBalanced, owedMs } from "../../src/domain/ledger.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Presence } from "../../src/services/availability/presence.ts"
import { givenStaff, staffId } from "../../testkit/conformance/given.ts"
import { actorWorld, asMitra, onlineMitra, paidRequest, stateOf } from "./actor-world.ts"
import { JournalFaults } from "./faulty-journal.ts"
import { accept, during, ping, running } from "./playing.ts"

const origin = { staff_id: staffId, peer: "127.0.0.1" }

const reroute = Effect.fnUntraced(function*(
  session_id: string,
  from_mitra_id: string,
  mitra_id: string,
  command_id: string | null = null
) {
  if ((yield* (yield* Staff).findStaff(staffId)) === null) yield* givenStaff
  const command = { _tag: "Reroute", staff_id: staffId, from_mitra_id, mitra_id, reason: "ill" } as const
  const actors = yield* SessionActors
  return yield* during(
    actors.run(session_id, { sender_id: `staff:${staffId}`, command_id, command, staff: origin })
  )
})

const deactivate = Effect.fnUntraced(function*(mitra: string) {
  yield* givenStaff
  const actors = yield* MitraActors
  yield* during(
    actors.run(mitra, {
      sender_id: `staff:${staffId}`,
      command_id: null,
      command: { _tag: "Deactivate", staff_id: staffId },
      staff: origin
    })
  )
})

const proposals = Effect.map(
  MemoryTables,
  (tables) =>
    [...tables.reroute_proposals.values()].map(({ cause, resolution, status }) => [cause, status, resolution])
)

const holders = Effect.map(
  MemoryTables,
  (tables) => [...tables.mitra_slots.values()].map(({ mitra_id }) => mitra_id)
)

const audited = Effect.map(
  MemoryTables,
  (tables) => [...tables.audit_log.values()].map(({ action, after, before }) => [action, before, after])
)

const reasons = (entries: ReadonlyArray<{ readonly reason: string; readonly charged_ms: number }>) =>
  entries.filter((entry) => entry.charged_ms > 0).map((entry) => entry.reason)

/** Time passes, and her app says every ten seconds that she is there. */
const whilePinging = Effect.fnUntraced(function*(mitra: string, seconds: number) {
  for (let passed = 0; passed < seconds; passed += 10) {
    yield* ping(mitra)
    yield* TestClock.adjust("10 seconds")
  }
})

describe("a hand-over", () => {
  it.effect("moves the place and is audited; the clock ends to the millisecond, the ledger adds up", () =>
    Effect.gen(function*() {
      const chat = yield* running(300)
      yield* TestClock.adjust("100 seconds")
      const bunga = yield* during(onlineMitra("Bunga"))
      yield* ping(bunga)
      yield* reroute(chat.session_id, chat.ayu, bunga)
      assert.deepStrictEqual(yield* holders, [bunga])
      assert.deepStrictEqual(yield* audited, [
        ["session.reroute", { mitra_id: chat.ayu }, { mitra_id: bunga, reason: "ill" }]
      ])
      yield* whilePinging(bunga, 220)
      const state = yield* stateOf(chat.session_id)
      assert.strictEqual(state.status, "closing")
      assert.strictEqual(state.ledger.entries.at(-1)?.to, chat.started + 300_000)
      assert.isTrue(isBalanced(state.ledger))
      assert.strictEqual(chargedMs(state.ledger), 300_000)
      assert.strictEqual(state.ledger.entries.at(-1)?.reason, "rerouted")
      assert.deepStrictEqual(yield* holders, [])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("frees a place that is offered to a request nobody had room for", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const chats: Array<string> = []
      for (const name of ["Ani", "Budi", "Cici"]) {
        const { session_id } = yield* during(paidRequest(600, name))
        yield* accept(session_id, ayu)
        chats.push(session_id)
      }
      const waiting = yield* during(paidRequest(600, "Dewi"))
      assert.strictEqual((yield* stateOf(waiting.session_id)).status, "searching")
      const bunga = yield* during(onlineMitra("Bunga"))
      yield* reroute(chats[0] ?? "", ayu, bunga)
      yield* TestClock.adjust("4 seconds")
      const asked = (yield* stateOf(waiting.session_id)).offers.map((offer) => offer.mitra_id)
      assert.include(asked, ayu)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("to a mitra whose heartbeat is stale is refused, and nothing is audited", () =>
    Effect.gen(function*() {
      const chat = yield* running(300)
      const bunga = yield* during(onlineMitra("Bunga"))
      yield* TestClock.adjust("46 seconds")
      const refused = yield* Effect.flip(reroute(chat.session_id, chat.ayu, bunga))
      assert.strictEqual(refused._tag === "Refusal" ? refused.code : "", "MITRA_NOT_ONLINE")
      assert.deepStrictEqual(yield* audited, [])
      assert.deepStrictEqual(yield* holders, [chat.ayu])
    }).pipe(Effect.provide(actorWorld)))

  for (const lost of ["before", "after"] as const) {
    it.effect(`lost ${lost} its commit is done once by a repeat`, () =>
      Effect.gen(function*() {
        const chat = yield* running(300)
        const bunga = yield* during(onlineMitra("Bunga"))
        const faults = yield* JournalFaults
        faults.next = { lost, event: "Rerouted" }
        const hand = reroute(chat.session_id, chat.ayu, bunga, "the-one-hand-over")
        assert.strictEqual((yield* Effect.flip(hand))._tag, "Unavailable")
        assert.deepStrictEqual(yield* holders, [lost === "before" ? chat.ayu : bunga])
        assert.strictEqual((yield* hand).status, "active")
        assert.deepStrictEqual(yield* holders, [bunga])
        const state = yield* stateOf(chat.session_id)
        assert.lengthOf(state.assignments, 2)
        assert.lengthOf(yield* audited, 1)
      }).pipe(Effect.provide(actorWorld)))
  }

  it.effect("and the end in the same instant leave one of the two orders, whole", () =>
    Effect.gen(function*() {
      const chat = yield* running(300)
      const bunga = yield* during(onlineMitra("Bunga"))
      yield* givenStaff
      const actors = yield* SessionActors
      const end = actors.run(chat.session_id, {
        sender_id: `customer:${chat.customer_id}`,
        command_id: null,
        command: { _tag: "End", by: { side: "customer", id: chat.customer_id } },
        staff: null
      })
      const hand = Effect.exit(reroute(chat.session_id, chat.ayu, bunga))
      yield* during(Effect.all([end, hand], { concurrency: 2 }))
      const state = yield* stateOf(chat.session_id)
      assert.strictEqual(state.status, "closing")
      assert.isTrue(isBalanced(state.ledger))
      assert.deepStrictEqual(yield* holders, [])
      assert.lengthOf(state.assignments, state.mitra_id === bunga ? 2 : 1)
    }).pipe(Effect.provide(actorWorld)))
})

describe("a chat without its mitra", () => {
  it.effect("is proposed within a second of her deactivation, and its time waits for who takes over", () =>
    Effect.gen(function*() {
      const chat = yield* running(300)
      yield* whilePinging(chat.ayu, 100)
      yield* deactivate(chat.ayu)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* proposals, [["mitra_deactivated", "open", null]])
      const state = yield* stateOf(chat.session_id)
      assert.strictEqual(state.status, "active")
      assert.strictEqual(state.absence?.cause, "mitra_deactivated")
      const bunga = yield* during(onlineMitra("Bunga"))
      yield* reroute(chat.session_id, chat.ayu, bunga)
      assert.deepStrictEqual(yield* proposals, [["mitra_deactivated", "accepted", "rerouted"]])
      yield* whilePinging(bunga, 220)
      const { ledger } = yield* stateOf(chat.session_id)
      assert.deepStrictEqual(reasons(ledger.entries), ["paired", "rerouted"])
      const stood = ledger.entries.find(({ state }) => state === "paused")
      assert.deepInclude(stood, { reason: "mitra_deactivated", charged_ms: 0 })
      assert.strictEqual(chargedMs(ledger), 300_000)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("closes when nobody took over in time, and what is owed is a case for staff", () =>
    Effect.gen(function*() {
      const chat = yield* running(300)
      yield* whilePinging(chat.ayu, 100)
      yield* deactivate(chat.ayu)
      yield* TestClock.adjust("599 seconds")
      assert.strictEqual((yield* stateOf(chat.session_id)).status, "active")
      yield* TestClock.adjust("2 seconds")
      const { end_reason, ledger, payment_id, status } = yield* stateOf(chat.session_id)
      assert.deepStrictEqual([status, end_reason], ["closing", "mitra_gone"])
      assert.isTrue(isBalanced(ledger))
      assert.strictEqual(owedMs(ledger), 300_000 - (ledger.entries[0]?.charged_ms ?? 0))
      assert.approximately(owedMs(ledger), 200_000, 1_000)
      const [trouble] = yield* (yield* Payments).troubled({ before: null, limit: 10 })
      assert.deepInclude(trouble, { id: payment_id, status: "consumed", failure_cause: "mitra_gone" })
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is proposed when her silence has lasted for the setting, not before, and once", () =>
    Effect.gen(function*() {
      const chat = yield* running(600)
      // Offline by her stale heartbeat after 45 to 75 seconds, then another 120.
      yield* TestClock.adjust("160 seconds")
      assert.isFalse((yield* (yield* Mitras).find(chat.ayu))?.is_online)
      assert.deepStrictEqual(yield* proposals, [])
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(yield* proposals, [["mitra_offline", "open", null]])
      yield* TestClock.adjust("60 seconds")
      assert.lengthOf(yield* proposals, 1)
      const [log] = yield* (yield* Mitras).onlineLog(chat.ayu, 1)
      assert.strictEqual((yield* stateOf(chat.session_id)).absence?.since, log?.at)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is resolved by itself when she comes back, and when the paid time ends", () =>
    Effect.gen(function*() {
      const chat = yield* running(900)
      yield* TestClock.adjust("220 seconds")
      yield* during(asMitra(chat.ayu, { _tag: "GoOnline" }))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* proposals, [["mitra_offline", "resolved", "mitra_back"]])
      assert.isNull((yield* stateOf(chat.session_id)).absence)
      yield* TestClock.adjust("12 minutes")
      const { ledger, status } = yield* stateOf(chat.session_id)
      assert.strictEqual(status, "closing")
      assert.deepStrictEqual(reasons(ledger.entries), [
        "paired",
        "mitra_offline",
        "mitra_back",
        "mitra_offline"
      ])
      assert.strictEqual(chargedMs(ledger), 900_000)
      assert.deepStrictEqual(yield* proposals, [
        ["mitra_offline", "resolved", "mitra_back"],
        ["mitra_offline", "resolved", "session_ended"]
      ])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is none while a socket of hers is open, though she declared herself offline", () =>
    Effect.gen(function*() {
      const chat = yield* running(900)
      yield* during(asMitra(chat.ayu, { _tag: "GoOffline" }))
      yield* Effect.scoped(Effect.gen(function*() {
        yield* (yield* Presence).register({ user_type: "mitra", user_id: chat.ayu })
        yield* TestClock.adjust("5 minutes")
        assert.deepStrictEqual(yield* proposals, [])
      }))
      yield* TestClock.adjust("16 seconds")
      assert.deepStrictEqual(yield* proposals, [["mitra_offline", "open", null]])
      // She went by her own word and chatted on: she is missed from when it was noticed.
      assert.isAbove((yield* stateOf(chat.session_id)).absence?.since ?? 0, chat.started + 300_000)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is found by the sweep when nobody told the session, as after a crash", () =>
    Effect.gen(function*() {
      const chat = yield* running(300)
      const tables = yield* MemoryTables
      const account = tables.mitras.get(chat.ayu)
      if (account !== undefined) tables.mitras.set(chat.ayu, { ...account, is_active: false })
      assert.deepStrictEqual(yield* proposals, [])
      yield* TestClock.adjust("16 seconds")
      assert.deepStrictEqual(yield* proposals, [["mitra_deactivated", "open", null]])
    }).pipe(Effect.provide(actorWorld)))
})
