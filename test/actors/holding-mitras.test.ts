// What keeps a mitra online, offline or without offers beside her own word, through the real actors and
// sweeps: a push that can reach her phone, a hold by staff, a drain.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import type { MitraCommand } from "../../src/domain/mitra.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { actorWorld, asMitra, onlineMitra, paidRequest, stateOf, toSession } from "./actor-world.ts"
import { during, mitraSide, setting } from "./playing.ts"

const staff = { staff_id: "staff-1" }
const by = (id: string, command: MitraCommand) => during(Effect.exit(asMitra(id, command)))
const of = (id: string) => Effect.flatMap(Mitras, (mitras) => Effect.map(mitras.find(id), (found) => found!))
const lastCause = (id: string) =>
  Effect.flatMap(Mitras, (mitras) => Effect.map(mitras.onlineLog(id, 1), (log) => log[0]?.cause))

const withPhone = Effect.fnUntraced(function*(id: string) {
  const owner = { user_type: "mitra", user_id: id } as const
  const sign_in = { ...owner, id, family_id: id, refresh_hash: id, created_at: 0, expires_at: 1e12 }
  yield* (yield* SignIns).open(sign_in, { only_one: true })
  const phone = { ...owner, token: id, platform: "android", auth_session_id: id, registered_at: 0 } as const
  yield* (yield* Accounts).registerDevice(phone, 10)
})

describe("a mitra whose app is in the background", () => {
  it.effect("stays online, and is asked, for as long as a push is given to reach her", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      yield* withPhone(ayu)
      yield* TestClock.adjust("4 minutes")
      assert.isTrue((yield* of(ayu)).is_online, "after 240 s")
      const { session_id } = yield* during(paidRequest(300))
      assert.deepStrictEqual((yield* stateOf(session_id)).offers.map((offer) => offer.mitra_id), [ayu])
      yield* TestClock.adjust("140 seconds")
      assert.isFalse((yield* of(ayu)).is_online, "after 380 s")
      assert.strictEqual(yield* lastCause(ayu), "stale_heartbeat")
    }).pipe(Effect.provide(actorWorld)))

  it.effect("goes offline at once when her token is refused, or pushes are paused", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const bunga = yield* during(onlineMitra("Bunga"))
      yield* withPhone(ayu)
      yield* withPhone(bunga)
      yield* TestClock.adjust("2 minutes")
      yield* (yield* Accounts).dropInvalidDevice(ayu)
      yield* TestClock.adjust("31 seconds")
      assert.deepStrictEqual([(yield* of(ayu)).is_online, (yield* of(bunga)).is_online], [false, true])
      yield* setting("push_paused", true)
      yield* TestClock.adjust("31 seconds")
      assert.isFalse((yield* of(bunga)).is_online)
    }).pipe(Effect.provide(actorWorld)))
})

describe("a mitra whom staff force offline", () => {
  it.effect("comes back when her time is over, not a second before, or when staff lift the hold", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      yield* by(ayu, { _tag: "ForceOffline", ...staff })
      assert.strictEqual(yield* lastCause(ayu), "forced")
      yield* TestClock.adjust("899 seconds")
      assert.strictEqual((yield* by(ayu, { _tag: "GoOnline" }))._tag, "Failure")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* by(ayu, { _tag: "GoOnline" }))._tag, "Success")
      yield* by(ayu, { _tag: "ForceOffline", ...staff, until_lifted: true })
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual((yield* by(ayu, { _tag: "GoOnline" }))._tag, "Failure")
      yield* by(ayu, { _tag: "LiftHold", ...staff })
      assert.strictEqual((yield* by(ayu, { _tag: "GoOnline" }))._tag, "Success")
      assert.isTrue((yield* of(ayu)).is_online)
    }).pipe(Effect.provide(actorWorld)))
})

describe("a mitra who is drained", () => {
  const drained = Effect.gen(function*() {
    const ayu = yield* during(onlineMitra("Ayu"))
    const running = yield* during(paidRequest(300))
    yield* during(toSession(running.session_id, { _tag: "Accept", by: mitraSide(ayu) }))
    const waiting = yield* during(paidRequest(300, "Dewi"))
    assert.strictEqual((yield* stateOf(waiting.session_id)).status, "pending_acceptance")
    yield* by(ayu, { _tag: "Drain", ...staff })
    return { ayu, running, waiting }
  })
  const pinging = (id: string, seconds: number) =>
    Effect.gen(function*() {
      const tables = yield* MemoryTables
      for (let at = 0; at < seconds; at += 20) {
        yield* TestClock.adjust("20 seconds")
        const row = tables.mitra_status.get(id)!
        const now = yield* Clock.currentTimeMillis
        if (row.is_online) tables.mitra_status.set(id, { ...row, last_heartbeat_at: now })
      }
    })

  it.effect("loses her open offers, gets no new one, finishes her chat, and is offline then", () =>
    Effect.gen(function*() {
      const { ayu, running, waiting } = yield* drained
      const [offer] = (yield* stateOf(waiting.session_id)).offers
      assert.deepInclude(offer, { mitra_id: ayu, ending: "withdrawn" })
      const later = yield* during(paidRequest(300, "Eka"))
      yield* pinging(ayu, 240)
      assert.deepStrictEqual((yield* stateOf(later.session_id)).offers, [])
      assert.strictEqual((yield* stateOf(running.session_id)).status, "active")
      assert.deepInclude(yield* of(ayu), { is_online: true, is_draining: true })
      yield* pinging(ayu, 80)
      assert.strictEqual((yield* stateOf(running.session_id)).status, "closing")
      assert.deepInclude(yield* of(ayu), { is_online: false, is_draining: false })
      assert.strictEqual(yield* lastCause(ayu), "drained")
      assert.strictEqual(
        (yield* by(ayu, { _tag: "GoOnline" }))._tag,
        "Failure",
        "held like one forced offline"
      )
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is asked again once staff undo it", () =>
    Effect.gen(function*() {
      const { ayu } = yield* drained
      yield* by(ayu, { _tag: "UndoDrain", ...staff })
      const later = yield* during(paidRequest(300, "Eka"))
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual((yield* stateOf(later.session_id)).offers.map((offer) => offer.mitra_id), [ayu])
    }).pipe(Effect.provide(actorWorld)))
})
