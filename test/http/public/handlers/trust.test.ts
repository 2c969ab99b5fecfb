// Blocking and reporting as phones do it: the other one comes from the chat, a blocked pair is asked nowhere
// again, and reports of several people pause somebody. Real handlers and machines over memory adapters.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { blocksMax, Trust } from "../../../../src/services/trust/trust.ts"
import { idOf, t0 } from "../../../../testkit/conformance/given.ts"
import { MemoryTables } from "../../../../testkit/memory/store/tables.ts"
import { customerPhone, newCommand, type Phone, refused } from "../../phone.ts"
import { chat, given, onlineMitra, order, request, say, tier } from "../../script.ts"
import { world } from "../../world.ts"

/** Sari and Ayu had a chat, which is over; Ayu is still online. */
const parted = Effect.gen(function*() {
  yield* given
  const met = yield* chat
  yield* say(met.ayu, met.session_id, "where do you live")
  yield* say(met.sari, met.session_id, "please stop")
  yield* met.sari.call("chat.end", { command_id: newCommand(), session_id: met.session_id })
  yield* met.sari.call("chat.goodbye", { command_id: newCommand(), session_id: met.session_id, text: "bye" })
  return met
})

const offersOf = (mitra: Phone) =>
  Effect.map(mitra.call("mitra.requests", { before: null, limit: 10 }), ({ requests }) => requests)

const reporting = (session_id: string, more: object = {}) =>
  ({
    command_id: newCommand(),
    session_id,
    reason: "harassment",
    words: "",
    also_block: false,
    ...more
  }) as const

describe("a blocked pair", () => {
  it.effect("is never offered to each other again, whichever side blocked", () =>
    Effect.gen(function*() {
      const { ayu, sari, session_id } = yield* parted
      for (const [by, other] of [[sari, "Ayu"], [ayu, "Sari"]] as const) {
        const before = (yield* offersOf(ayu)).length
        const { block_id } = yield* by.call("trust.block", { session_id })
        assert.strictEqual((yield* by.call("trust.block", { session_id })).block_id, block_id)
        const { blocks } = yield* by.call("trust.blocks", {})
        assert.lengthOf(blocks, 1)
        assert.include([other, "Bestie 1"], blocks[0]?.name)
        const again = yield* request(sari)
        assert.lengthOf(yield* offersOf(ayu), before, "she is not asked")
        const target = { command_id: newCommand(), tier_id: tier.id, topic: "regular" as const }
        yield* sari.call("customer.cancel", { command_id: newCommand(), session_id: again.session_id })
        const targeted = sari.call("customer.create_payment", { ...target, target_mitra_id: ayu.id })
        assert.strictEqual(yield* refused(targeted), "MITRA_NOT_FOUND")
        assert.isTrue((yield* by.call("trust.unblock", { block_id })).unblocked)
        const more = yield* request(sari)
        assert.lengthOf(yield* offersOf(ayu), before + 1, "and is again, once it is taken back")
        yield* sari.call("customer.cancel", { command_id: newCommand(), session_id: more.session_id })
      }
    }).pipe(Effect.provide(world)))

  it.effect("loses an offer that is open, and an accept that comes all the same is refused", () =>
    Effect.gen(function*() {
      const { ayu, sari, session_id } = yield* parted
      const asked = yield* request(sari)
      yield* ayu.call("trust.block", { session_id })
      const accept = () =>
        ayu.call("mitra.accept", { command_id: newCommand(), session_id: asked.session_id })
      assert.strictEqual(yield* refused(accept()), "OFFER_CLOSED")
      const [offer] = yield* offersOf(ayu)
      assert.strictEqual(offer?.ending, "withdrawn")
      yield* ayu.call("trust.unblock", {
        block_id: (yield* ayu.call("trust.blocks", {})).blocks[0]!.block_id
      })
      yield* sari.call("customer.cancel", { command_id: newCommand(), session_id: asked.session_id })
      const next = yield* request(sari)
      const pair = { customer_id: sari.id, mitra_id: ayu.id }
      yield* (yield* Trust).block({ ...pair, id: idOf(7), by_side: "customer", session_id, at: t0 })
      const late = ayu.call("mitra.accept", { command_id: newCommand(), session_id: next.session_id })
      assert.strictEqual(yield* refused(late), "OFFER_CLOSED", "the offer is still open, the pair is blocked")
    }).pipe(Effect.provide(world)))

  it.effect("is one that has met: nobody blocks or reports a stranger, or a chat that is not theirs", () =>
    Effect.gen(function*() {
      const { session_id } = yield* parted
      const budi = yield* customerPhone("Budi")
      assert.strictEqual(yield* refused(budi.call("trust.block", { session_id })), "SESSION_NOT_FOUND")
      assert.strictEqual(
        yield* refused(budi.call("trust.report", reporting(session_id))),
        "SESSION_NOT_FOUND"
      )
      const waiting = yield* request(budi)
      assert.strictEqual(
        yield* refused(budi.call("trust.block", { session_id: waiting.session_id })),
        "NOBODY_MET"
      )
    }).pipe(Effect.provide(world)))
})

describe("whoever has blocked very many", () => {
  it.effect("unblocks somebody first", () =>
    Effect.gen(function*() {
      const { sari, session_id } = yield* parted
      const { blocks } = yield* MemoryTables
      for (let n = 0; n < blocksMax; n++) {
        const other = { id: idOf(n), customer_id: sari.id, mitra_id: idOf(0x9000 + n), session_id, at: t0 }
        blocks.set(`${n}`, { ...other, by_side: "customer" })
      }
      assert.strictEqual(yield* refused(sari.call("trust.block", { session_id })), "TOO_MANY_BLOCKS")
    }).pipe(Effect.provide(world)))
})

describe("a report", () => {
  it.effect("keeps what was said with its case, and blocks where that is wanted", () =>
    Effect.gen(function*() {
      const { ayu, sari, session_id } = yield* parted
      const wanted = reporting(session_id, { words: "she asked where I live", also_block: true })
      const reported = yield* sari.call("trust.report", wanted)
      assert.isNotNull(reported.block_id)
      assert.strictEqual((yield* sari.call("trust.report", wanted)).case_id, reported.case_id)
      const { cases } = yield* MemoryTables
      const kept = cases.get(reported.case_id)
      assert.deepInclude(kept, { by_side: "customer", mitra_id: ayu.id, words: "she asked where I live" })
      assert.deepStrictEqual(kept?.evidence.map(({ body }) => body), ["where do you live", "please stop"])
    }).pipe(Effect.provide(world)))

  it.effect("of different people pauses a mitra: she goes offline and does not come back", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      for (const [n, name] of ["Sari", "Budi", "Citra"].entries()) {
        const phone = yield* customerPhone(name)
        const { session_id } = yield* request(phone)
        yield* ayu.call("mitra.accept", { command_id: newCommand(), session_id })
        yield* phone.call("trust.report", reporting(session_id))
        assert.strictEqual((yield* ayu.call("mitra.heartbeat", {})).is_online, n < 2, name)
      }
      const back = ayu.call("mitra.go_online", { command_id: newCommand() })
      assert.strictEqual(yield* refused(back), "ACCOUNT_PAUSED")
    }).pipe(Effect.provide(world)))

  it.effect("of different mitras pauses a customer: no order, but the running chat goes on", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      let last = ""
      for (const n of [1, 2, 3]) {
        const mitra = yield* onlineMitra(n)
        const { session_id } = yield* request(sari)
        yield* mitra.call("mitra.accept", { command_id: newCommand(), session_id })
        yield* mitra.call("trust.report", reporting(session_id, { reason: "threat" }))
        yield* mitra.call("mitra.go_offline", { command_id: newCommand() })
        last = session_id
        if (n < 3) {
          yield* sari.call("chat.end", { command_id: newCommand(), session_id })
          yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "" })
        }
      }
      yield* say(sari, last, "still here")
      yield* sari.call("chat.end", { command_id: newCommand(), session_id: last })
      assert.strictEqual(yield* refused(order(sari)), "ACCOUNT_PAUSED")
      assert.strictEqual((yield* sari.call("customer.pending_payments", {})).payments.length, 0)
    }).pipe(Effect.provide(world)))

  it.effect("is limited per person and day", () =>
    Effect.gen(function*() {
      const { sari, session_id } = yield* parted
      for (let n = 0; n < 20; n++) yield* sari.call("trust.report", reporting(session_id))
      assert.strictEqual(yield* refused(sari.call("trust.report", reporting(session_id))), "RATE_LIMITED")
    }).pipe(Effect.provide(world)))
})
