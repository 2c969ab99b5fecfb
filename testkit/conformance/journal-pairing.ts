// What every Journal adapter must hold when people are paired: slots, one winner, money once, pushes of
// offers that are over, and what an account's state does to all of it.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Refusal } from "../../src/domain/refusal.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import type { Verdict } from "../../src/services/journal/journal.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { atOnce, givenStaff, hour, idOf, staffId, t0, times } from "./given.ts"
import * as Stage from "./stage.ts"
import { accept, asCustomer, mitra, payment, session } from "./stage.ts"
import { Written } from "./written.ts"

type Body = Effect.Effect<void, unknown, Stage.Stage>
type Test = (title: string, body: Body) => void

const refusalOf = (verdict: Verdict): Refusal | null => verdict._tag === "Refused" ? verdict.refusal : null
const codeOf = (verdict: Verdict): string => refusalOf(verdict)?.code ?? verdict._tag

/** Requests, each offered to mitra 1 alone. */
const offeredToOne = (count: number) =>
  Effect.gen(function*() {
    yield* Stage.givenMitras(1)
    return yield* Effect.forEach(times(count), (n) =>
      Effect.tap(Stage.givenRequest(n + 1), (owner) => Stage.offer(owner, t0 + 10, 1)))
  })

const capacity = (test: Test) => {
  test(
    "of many accepts at once exactly as many get a slot as the mitra has, the rest are refused",
    Effect.gen(function*() {
      const owners = yield* offeredToOne(10)
      const verdicts = yield* atOnce(owners.map((owner) => Stage.act(owner, accept(1), { at: t0 + 20 })))
      const codes = verdicts.map(codeOf)
      assert.strictEqual(codes.filter((code) => code === "Committed").length, 3)
      assert.strictEqual(codes.filter((code) => code === "MITRA_AT_CAPACITY").length, 7)
      const refused = verdicts.map(refusalOf).find((refusal) => refusal !== null)
      assert.deepStrictEqual(refused?.details, { mitra_id: mitra(1), maximum: 3 })
      const slots = yield* (yield* Mitras).slotsOf(mitra(1))
      assert.deepStrictEqual(slots.map(({ slot }) => slot), [0, 1, 2])
      const winners = owners.filter((_, index) => codes[index] === "Committed").map(({ state }) => state.id)
      assert.sameMembers(slots.map((slot) => slot.session_id), winners)
    })
  )

  test(
    "a refused accept leaves its request, its payment and its command id untouched",
    Effect.gen(function*() {
      const [first, second] = yield* offeredToOne(2)
      const one = { settings: { max_customers_per_mitra: 1 } }
      yield* Stage.act(first!, accept(1), { at: t0 + 20, ...one })
      const { everything } = yield* Written
      const before = yield* everything
      const command = { sender_id: "mitra:1", command_id: "command-1", outcome: {} }
      const verdict = yield* Stage.act(second!, accept(1), { at: t0 + 21, ...one, command })
      assert.strictEqual(codeOf(verdict), "MITRA_AT_CAPACITY")
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  test(
    "a slot that was given back is taken by the next accept",
    Effect.gen(function*() {
      const owners = yield* offeredToOne(4)
      for (const owner of owners.slice(0, 3)) yield* Stage.act(owner, accept(1), { at: t0 + 20 })
      yield* Stage.act(owners[1]!, { _tag: "End", by: asCustomer(2) }, { at: t0 + 30 })
      assert.strictEqual(codeOf(yield* Stage.act(owners[3]!, accept(1), { at: t0 + 40 })), "Committed")
      assert.deepStrictEqual(yield* (yield* Mitras).slotsOf(mitra(1)), [
        { slot: 0, session_id: session(1) },
        { slot: 1, session_id: session(4) },
        { slot: 2, session_id: session(3) }
      ])
    })
  )

  test(
    "after the maximum was lowered a mitra takes nobody until she is below it, whatever slot is free",
    Effect.gen(function*() {
      const owners = yield* offeredToOne(4)
      for (const owner of owners.slice(0, 3)) yield* Stage.act(owner, accept(1), { at: t0 + 20 })
      yield* Stage.act(owners[0]!, { _tag: "End", by: asCustomer(1) }, { at: t0 + 30 })
      const two = { settings: { max_customers_per_mitra: 2 } }
      const full = yield* Stage.act(owners[3]!, accept(1), { at: t0 + 40, ...two })
      assert.strictEqual(codeOf(full), "MITRA_AT_CAPACITY")
      yield* Stage.act(owners[1]!, { _tag: "End", by: asCustomer(2) }, { at: t0 + 50 })
      const free = yield* Stage.act(owners[3]!, accept(1), { at: t0 + 60, ...two })
      assert.strictEqual(codeOf(free), "Committed")
    })
  )
}

const pairing = (test: Test) => {
  test(
    "a pairing consumes its payment and records the money movement, once",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      yield* Stage.givenChat(1, 1)
      assert.strictEqual((yield* (yield* Payments).find(payment(1)))?.status, "consumed")
      const recorded = [{ payment_id: payment(1), mitra_id: mitra(1), amount_idr: 10_000 }]
      assert.deepStrictEqual(yield* (yield* Written).transactions(session(1)), recorded)
    })
  )

  test(
    "a pairing on a payment that is not confirmed is refused and writes nothing",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.offer(owner, t0 + 10, 1)
      yield* (yield* Payments).fail(payment(1), "taken back", t0 + 15)
      const { everything } = yield* Written
      const before = yield* everything
      const verdict = yield* Stage.act(owner, accept(1), { at: t0 + 20 })
      assert.strictEqual(codeOf(verdict), "PAYMENT_NOT_PENDING")
      assert.deepStrictEqual(refusalOf(verdict)?.details, {
        payment_id: payment(1),
        status: "failed_pairing"
      })
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  test(
    "a second winner is refused by the database even if the machine let it through",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.offer(owner, t0 + 10, 1, 2)
      yield* Stage.act(owner, accept(1), { at: t0 + 20 })
      const flip = { _tag: "SetTopic", by: Stage.asMitra(1), topic: "sensitive" } as const
      const { write } = yield* Stage.make(owner, flip, { at: t0 + 30 })
      const rival = { ...owner.state.offers[1]!, status: "accepted" as const, ending: null }
      const { everything } = yield* Written
      const before = yield* everything
      const verdict = yield* Stage.commit({ ...write, session: { ...write.session!, offers: [rival] } })
      assert.strictEqual(codeOf(verdict), "OFFER_TAKEN")
      assert.deepStrictEqual(yield* everything, before)
    })
  )
}

const offers = (test: Test) => {
  test(
    "offers bring pushes, and the pushes of offers that are over are cancelled with them",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.offer(owner, t0 + 10, 1, 2)
      const written = yield* Written
      assert.deepStrictEqual(yield* written.pushes(session(1)), [
        { user_id: mitra(1), kind: "offer", status: "pending" },
        { user_id: mitra(2), kind: "offer", status: "pending" }
      ])
      yield* Stage.act(owner, accept(2), { at: t0 + 20 })
      assert.deepStrictEqual(yield* written.pushes(session(1)), [
        { user_id: mitra(1), kind: "offer", status: "cancelled" },
        { user_id: mitra(2), kind: "offer", status: "cancelled" },
        { user_id: Stage.customer(1), kind: "paired", status: "pending" }
      ])
    })
  )

  test(
    "a mitra who is offered a request moves back in the order of asking, and only she",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      yield* Stage.offer(yield* Stage.givenRequest(1), t0 + 10, 1)
      yield* Stage.offer(yield* Stage.givenRequest(2), t0 + 5, 1)
      const { mitraTimes } = yield* Written
      assert.strictEqual((yield* mitraTimes(mitra(1))).last_offer_at, t0 + 10)
      assert.isNull((yield* mitraTimes(mitra(2))).last_offer_at)
    })
  )
}

const mitraSignIn = {
  id: idOf(0xaa1),
  family_id: idOf(0xaa1),
  user_type: "mitra",
  user_id: mitra(1),
  refresh_hash: "hash-1",
  created_at: t0,
  expires_at: t0 + hour
} as const

const accounts = (test: Test) => {
  test(
    "going online and offline is stored and logged, and coming online counts as a sign of life",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      yield* Stage.actAsMitra(1, { _tag: "GoOnline" }, t0 + 10)
      const mitras = yield* Mitras
      const online = yield* mitras.find(mitra(1))
      assert.deepStrictEqual([online?.is_online, online?.online_since], [true, t0 + 10])
      assert.strictEqual((yield* (yield* Written).mitraTimes(mitra(1))).last_heartbeat_at, t0 + 10)
      yield* Stage.actAsMitra(1, { _tag: "MarkStale" }, t0 + 20)
      const offline = yield* mitras.find(mitra(1))
      assert.deepStrictEqual([offline?.is_online, offline?.online_since], [false, null])
      assert.deepStrictEqual(yield* mitras.onlineLog(mitra(1), 5), [
        { is_online: false, cause: "stale_heartbeat", at: t0 + 20 },
        { is_online: true, cause: "toggle", at: t0 + 10 }
      ])
    })
  )

  test(
    "a hold and a drain are stored to the millisecond, and a drain is over when she holds no chat",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const mitras = yield* Mitras
      yield* Stage.actAsMitra(1, { _tag: "GoOnline" }, t0 + 10)
      yield* Stage.actAsMitra(1, { _tag: "Drain", staff_id: idOf(0xaaa) }, t0 + 11)
      assert.deepStrictEqual(yield* mitras.drained(10), [mitra(1)])
      yield* Stage.actAsMitra(1, { _tag: "FinishDrain" }, t0 + 20)
      assert.deepInclude(yield* mitras.find(mitra(1)), {
        is_online: false,
        is_draining: false,
        hold: { until: t0 + 20 + 900_000 }
      })
      assert.deepInclude((yield* mitras.onlineLog(mitra(1), 1))[0], { cause: "drained", at: t0 + 20 })
      yield* Stage.actAsMitra(1, { _tag: "LiftHold", staff_id: idOf(0xaaa) }, t0 + 40)
      assert.isNull((yield* mitras.find(mitra(1)))?.hold)
    })
  )

  test(
    "deactivation takes her offline, signs her out and is audited, in one turn",
    Effect.gen(function*() {
      yield* givenStaff
      yield* Stage.givenMitras(1)
      const signIns = yield* SignIns
      yield* signIns.open(mitraSignIn, { only_one: true })
      const other = { ...mitraSignIn, id: idOf(0xaa2), family_id: idOf(0xaa2), refresh_hash: "hash-2" }
      yield* signIns.open({ ...other, user_id: mitra(2) }, { only_one: true })
      yield* Stage.actAsMitra(1, { _tag: "GoOnline" }, t0 + 10)
      const owner = yield* Stage.claimMitra(1)
      const deactivate = { _tag: "Deactivate", staff_id: staffId } as const
      const turn = Stage.makeMitraTurn(owner, deactivate, { at: t0 + 20, audit: [Stage.audited(1)] })
      assert.strictEqual(codeOf(yield* Stage.commit(turn)), "Committed")
      const state = yield* (yield* Mitras).find(mitra(1))
      assert.deepStrictEqual([state?.is_active, state?.is_online], [false, false])
      assert.isFalse(yield* signIns.isLive(mitraSignIn.family_id))
      assert.isTrue(yield* signIns.isLive(other.family_id))
      assert.strictEqual((yield* (yield* Mitras).onlineLog(mitra(1), 1))[0]?.cause, "deactivated")
      assert.deepStrictEqual(yield* (yield* Written).auditIds, [Stage.audited(1).id])
    })
  )
}

const deactivation = (test: Test) => {
  test(
    "a deactivated mitra is paired with nobody until she is active again",
    Effect.gen(function*() {
      const [owner] = yield* offeredToOne(1)
      yield* Stage.actAsMitra(1, { _tag: "Deactivate", staff_id: staffId }, t0 + 15)
      const refused = yield* Stage.act(owner!, accept(1), { at: t0 + 20 })
      assert.strictEqual(codeOf(refused), "ACCOUNT_INACTIVE")
      assert.deepStrictEqual(yield* (yield* Mitras).slotsOf(mitra(1)), [])
      yield* Stage.actAsMitra(1, { _tag: "Activate", staff_id: staffId }, t0 + 25)
      assert.strictEqual(codeOf(yield* Stage.act(owner!, accept(1), { at: t0 + 30 })), "Committed")
    })
  )

  test(
    "accepts and a deactivation in the same instant: each accept is paired whole or refused whole",
    Effect.gen(function*() {
      const owners = yield* offeredToOne(3)
      const mitraOwner = yield* Stage.claimMitra(1)
      const turn = Stage.makeMitraTurn(mitraOwner, { _tag: "Deactivate", staff_id: staffId }, { at: t0 + 20 })
      const [first, second, third] = owners.map((owner) => Stage.act(owner, accept(1), { at: t0 + 20 }))
      const verdicts = yield* atOnce([first!, second!, Stage.commit(turn), third!])
      const codes = verdicts.map(codeOf)
      assert.strictEqual(codes[2], "Committed")
      const sessions = yield* Sessions
      const paired = yield* Effect.forEach(
        [1, 2, 3],
        (n) => Effect.map(sessions.find(session(n)), (state) => state?.status === "active")
      )
      const accepted = [codes[0], codes[1], codes[3]]
      assert.deepStrictEqual(accepted, paired.map((isPaired) => isPaired ? "Committed" : "ACCOUNT_INACTIVE"))
      const holders = (yield* (yield* Mitras).slotsOf(mitra(1))).map((slot) => slot.session_id)
      assert.sameMembers(holders, [1, 2, 3].filter((_, index) => paired[index]).map(session))
    })
  )
}

export const journalPairing = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`Journal, pairing (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    capacity(test)
    pairing(test)
    offers(test)
    accounts(test)
    deactivation(test)
  })
