// What every Trust adapter must do: a block counts both ways, a report is one case with its own copy of what
// was said, so many different people's reports pause somebody, and staff's word ends it.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { type Report, Trust } from "../../src/services/trust/trust.ts"
import { atOnce, givenStaff, idOf, minute, staffId, t0, times } from "./given.ts"
import * as Stage from "./stage.ts"
import { customer, mitra, session } from "./stage.ts"

type Needed = Stage.Stage | Trust | Staff
type Test = (title: string, body: Effect.Effect<void, unknown, Needed>) => void

const never = { pause_at: 0, counted_since: 0 }
const atTwo = { pause_at: 2, counted_since: t0 - 10 * minute }

const people = Effect.gen(function*() {
  yield* givenStaff
  yield* Stage.givenMitras(1, 2, 3)
  for (const n of [1, 2, 3]) yield* Stage.givenPayment(n, { confirmed: false })
})

const block = (n: number, c: number, m: number, by_side: "customer" | "mitra", at = t0) =>
  Effect.flatMap(Trust, (port) =>
    port.block({
      id: idOf(n),
      customer_id: customer(c),
      mitra_id: mitra(m),
      by_side,
      session_id: session(1),
      at
    }))

const said = [{ seq: 3, side: "mitra", body: "where do you live", sent_at: t0 }] as const

const report = (n: number, c: number, m: number, more: Partial<Report> = {}, rule = never) =>
  Effect.flatMap(Trust, (port) =>
    port.report({
      id: idOf(n),
      customer_id: customer(c),
      mitra_id: mitra(m),
      by_side: "customer",
      session_id: session(c),
      reason: "harassment",
      words: "she asked where I live",
      evidence: said,
      at: t0 + n,
      ...more
    }, rule))

const entry = (n: number, at = t0) => ({
  id: idOf(0xad000 + n),
  staff_id: staffId,
  action: "test",
  target_type: "case",
  target_id: "x",
  peer: "127.0.0.1",
  at
})
const asMitra = (n: number) => ({ user_type: "mitra", user_id: mitra(n) }) as const
const audited = Effect.flatMap(Staff, (port) => port.auditPage({ before: null, limit: 50 }))

const blocking = (test: Test) => {
  test(
    "a block counts for both, is made once, and only its maker sees it and takes it back",
    Effect.gen(function*() {
      yield* people
      const port = yield* Trust
      const pair = { customer_id: customer(1), mitra_id: mitra(1) }
      assert.isFalse(yield* port.isBlocked(pair))
      assert.strictEqual(yield* block(1, 1, 1, "customer"), idOf(1))
      assert.strictEqual(yield* block(2, 1, 1, "customer"), idOf(1), "a repeat")
      assert.isTrue(yield* port.isBlocked(pair))
      assert.isFalse(yield* port.isBlocked({ ...pair, mitra_id: mitra(2) }))
      yield* block(3, 1, 2, "mitra")
      yield* block(4, 1, 1, "mitra")
      assert.sameMembers([...(yield* port.blockedMitrasOf(customer(1)))], [mitra(1), mitra(2)])
      assert.deepStrictEqual(yield* port.blockedMitrasOf(customer(2)), [])
      const hers = { user_type: "customer", user_id: customer(1) } as const
      assert.deepStrictEqual(yield* port.blocksOf(hers), [
        { id: idOf(1), name: "Bestie 1", session_id: session(1), at: t0 }
      ])
      assert.deepStrictEqual((yield* port.blocksOf(asMitra(1))).map(({ id, name }) => [id, name]), [
        [idOf(4), "Sari 1"]
      ])
      assert.isFalse(yield* port.unblock(asMitra(1), idOf(1)), "not hers")
      assert.isTrue(yield* port.unblock(hers, idOf(1)))
      assert.isFalse(yield* port.unblock(hers, idOf(1)))
      assert.isTrue(yield* port.isBlocked(pair), "she still does not want to")
      assert.isTrue(yield* port.unblock(asMitra(1), idOf(4)))
      assert.isFalse(yield* port.isBlocked(pair))
    })
  )

  test(
    "an open offer of a pair that has blocked each other since is found",
    Effect.gen(function*() {
      yield* givenStaff
      yield* Stage.givenMitras(1, 2)
      const asked = yield* Stage.givenRequest(1)
      yield* Stage.offer(asked, t0 + 10, 1, 2)
      const { offersToWithdraw } = yield* Mitras
      assert.deepStrictEqual(yield* offersToWithdraw(10), [])
      yield* block(1, 1, 2, "mitra")
      assert.deepStrictEqual(yield* offersToWithdraw(10), [{ session_id: session(1), mitra_id: mitra(2) }])
    })
  )
}

const reporting = (test: Test) => {
  test(
    "a report is one case while it is open, keeps its own copy of what was said, and is read with an entry",
    Effect.gen(function*() {
      yield* people
      const port = yield* Trust
      assert.deepStrictEqual(yield* report(1, 1, 1), { case_id: idOf(1), paused: false })
      assert.strictEqual((yield* report(2, 1, 1, { words: "again" })).case_id, idOf(1))
      yield* report(3, 2, 1, { by_side: "mitra", words: "", evidence: [] })
      const [newest, oldest] = yield* port.cases({ open: true, before: null, limit: 10 })
      const line = {
        id: idOf(1),
        session_id: session(1),
        customer_id: customer(1),
        mitra_id: mitra(1),
        customer_name: "Sari 1",
        mitra_name: "Bestie 1",
        by_side: "customer",
        reason: "harassment",
        created_at: t0 + 1,
        resolved_at: null,
        resolved_by: null,
        resolution: null,
        is_paused: false
      } as const
      assert.strictEqual(newest?.id, idOf(3))
      assert.deepStrictEqual(oldest, line)
      assert.deepStrictEqual(yield* port.cases({ open: true, before: idOf(3), limit: 1 }), [line])
      assert.deepStrictEqual(yield* port.cases({ open: false, before: null, limit: 10 }), [])
      const read = yield* port.readCase(idOf(1), entry(1))
      assert.deepStrictEqual(read, { ...line, words: "she asked where I live", evidence: [...said] })
      assert.deepInclude(yield* port.readCase(idOf(3), entry(2)), { words: "", evidence: [] })
      assert.isNull(yield* port.readCase(idOf(9), entry(3)))
      assert.lengthOf(yield* audited, 2)
      assert.notInclude(JSON.stringify(yield* audited), "where do you live")
    })
  )

  test(
    "so many different people's reports pause somebody, once; dismissed, old and repeated ones do not count",
    Effect.gen(function*() {
      yield* people
      const port = yield* Trust
      yield* report(1, 1, 1, { at: t0 - 11 * minute }, atTwo)
      assert.isFalse((yield* report(2, 1, 1, { session_id: session(9) }, atTwo)).paused, "the same person")
      yield* report(3, 2, 1, {}, atTwo)
      assert.isTrue(yield* port.isPaused(asMitra(1)))
      assert.isFalse((yield* report(4, 3, 1, {}, atTwo)).paused, "paused before")
      assert.isFalse(yield* port.isPaused(asMitra(2)))
      assert.isTrue(yield* port.liftPause(asMitra(1), entry(1, t0 + minute)))
      assert.isFalse(yield* port.liftPause(asMitra(1), entry(2, t0 + minute)))
      assert.isFalse((yield* report(5, 1, 1, { session_id: session(8), at: t0 + 2 * minute }, atTwo)).paused)
      const dismissed = yield* port.resolveCase(idOf(5), "dismissed", "no", entry(3, t0 + 3 * minute))
      assert.strictEqual(dismissed, "resolved")
      assert.isFalse((yield* report(6, 2, 1, { session_id: session(7), at: t0 + 4 * minute }, atTwo)).paused)
      assert.isTrue((yield* report(7, 3, 1, { session_id: session(6), at: t0 + 5 * minute }, atTwo)).paused)
      assert.isFalse(yield* port.isPaused({ user_type: "customer", user_id: customer(1) }))
    })
  )

  test(
    "of reports at once, one is told that it paused somebody",
    Effect.gen(function*() {
      yield* people
      const told = yield* atOnce(times(3).map((n) => report(n + 1, n + 1, 1, {}, atTwo)))
      assert.lengthOf(told.filter(({ paused }) => paused), 1)
    })
  )

  test(
    "staff resolve a case once; pausing takes effect with it, and a paused mitra who is online is found",
    Effect.gen(function*() {
      yield* people
      const port = yield* Trust
      yield* Stage.actAsMitra(1, { _tag: "GoOnline" }, t0)
      yield* report(1, 1, 1)
      assert.strictEqual(yield* port.resolveCase(idOf(9), "warned", "none", entry(1)), "unknown")
      assert.strictEqual(yield* port.resolveCase(idOf(1), "paused", "seen", entry(2)), "resolved")
      assert.strictEqual(yield* port.resolveCase(idOf(1), "warned", "late", entry(3)), "resolved_before")
      const [resolved] = yield* port.cases({ open: false, before: null, limit: 10 })
      assert.deepInclude(resolved, { resolution: "paused", resolved_by: staffId, is_paused: true })
      assert.deepStrictEqual(yield* port.pausedOnline(10), [mitra(1)])
      yield* Stage.actAsMitra(1, { _tag: "ForceOffline", staff_id: staffId }, t0 + 1)
      assert.deepStrictEqual(yield* port.pausedOnline(10), [])
      assert.lengthOf(yield* audited, 1)
      assert.strictEqual((yield* report(2, 1, 1)).case_id, idOf(2), "a new case after the old one")
    })
  )
}

export const trust = (name: string, layer: Layer.Layer<Needed>) =>
  describe(`Trust (${name})`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))
    blocking(test)
    reporting(test)
  })
