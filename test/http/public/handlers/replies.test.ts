// What a command is answered with: the session (or the offer) as a fresh read would show it, without that
// read; the same again when it is repeated, and never more than the asker may see.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import type { SessionView } from "../../../../src/contract/views.ts"
import { offeredRequest } from "../../../../src/domain/session/offered-request.ts"
import type { Side } from "../../../../src/domain/session/state.ts"
import { viewSessions } from "../../../../src/http/public/handlers/own-session.ts"
import { offerView } from "../../../../src/http/public/views/offer-view.ts"
import { Sessions } from "../../../../src/services/sessions/sessions.ts"
import { customerPhone, newCommand, type Phone } from "../../phone.ts"
import { chat, confirm, given, onlineMitra, request, say, tier } from "../../script.ts"
import { Faults, world } from "../../world.ts"
import { handOver } from "../handover.ts"

type Someone = Phone & { readonly id: string }

const freshly = Effect.fnUntraced(function*(side: Side, { id }: Someone, session_id: string) {
  const name = `${side}:${id}` as const
  const state = (yield* (yield* Sessions).find(session_id)) ?? assert.fail("no such session")
  const [view] = yield* viewSessions({ side, id, sender_id: name, topic: name }, [state])
  return view ?? assert.fail("not hers")
})

/** The answer of `call`, which must be what a read shows now; and what was asked of Sessions for it. */
const comparing = (session_id: string) =>
  Effect.fnUntraced(function*<E, R>(side: Side, who: Someone, call: Effect.Effect<SessionView, E, R>) {
    const { asked } = yield* Faults
    asked.length = 0
    const view = yield* call
    const reads = [...asked]
    assert.deepStrictEqual(view, yield* freshly(side, who, session_id))
    return { view, reads }
  })

const accept = (phone: Phone, session_id: string, command_id = newCommand()) =>
  phone.call("mitra.accept", { command_id, session_id })

const extended = Effect.fnUntraced(function*(sari: Phone, session_id: string) {
  const asked = { command_id: newCommand(), session_id, tier_id: tier.id }
  yield* confirm((yield* sari.call("chat.request_extension", asked)).payment_id)
  const { extension } = yield* sari.call("customer.request_status", { session_id })
  return extension?.extension_seq ?? assert.fail("no extension waits")
})

describe("the answer to a command", () => {
  it.effect("that opens or gives up a request shows what a read would, and reads nothing", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const bunga = yield* onlineMitra(2)
      const sari = yield* customerPhone("Sari")
      const { session_id } = yield* request(sari)
      const { asked } = yield* Faults
      asked.length = 0
      yield* TestClock.adjust("1 second")
      const declined = yield* bunga.call("mitra.decline", { command_id: newCommand(), session_id })
      assert.deepStrictEqual(asked, [])
      const state = (yield* (yield* Sessions).find(session_id)) ?? assert.fail("no such session")
      const offer = offeredRequest(state, bunga.id) ?? assert.fail("no offer")
      assert.deepStrictEqual(declined, offerView(offer, yield* Clock.currentTimeMillis))
      assert.strictEqual(declined.status, "declined")
      const won = yield* comparing(session_id)("mitra", ayu, accept(ayu, session_id))
      assert.deepStrictEqual(won.reads, [])
      assert.deepInclude(won.view, { status: "active", payment_id: null, unread: 0 })
      const dewi = yield* customerPhone("Dewi")
      const other = yield* request(dewi)
      const cancel = dewi.call("customer.cancel", { command_id: newCommand(), session_id: other.session_id })
      const cancelled = yield* comparing(other.session_id)("customer", dewi, cancel)
      // The place in the queue that became free is looked for, the session is not.
      assert.notInclude(cancelled.reads, "find")
      assert.deepInclude(cancelled.view, { status: "cancelled", payment_id: other.payment_id })
    }).pipe(Effect.provide(world)))

  it.effect("in a chat shows what a read would, and counts only what nobody has read yet", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const compared = comparing(session_id)
      const topic = (name: "regular" | "sensitive") =>
        ayu.call("chat.topic", { command_id: newCommand(), session_id, topic: name })
      const { seq } = yield* say(sari, session_id, "Halo")
      const behind = yield* compared("mitra", ayu, topic("sensitive"))
      assert.deepStrictEqual([behind.view.unread, behind.reads], [1, ["unread"]])
      yield* ayu.call("chat.read", { session_id, seq: seq + 1 })
      const caughtUp = yield* compared("mitra", ayu, topic("sensitive"))
      assert.deepStrictEqual([caughtUp.view.unread, caughtUp.reads], [0, []])
      yield* TestClock.adjust("5 seconds")
      const command = { command_id: newCommand(), session_id, approve: true }
      const extension_seq = yield* extended(sari, session_id)
      const answer = ayu.call("mitra.answer_extension", { ...command, extension_seq })
      const resumed = yield* compared("mitra", ayu, answer)
      assert.notInclude(resumed.reads, "find")
      assert.deepInclude(resumed.view, { duration_seconds: 600, payment_id: null })
      const end = sari.call("chat.end", { command_id: newCommand(), session_id })
      assert.notInclude((yield* compared("customer", sari, end)).reads, "find")
      const text = "Makasih"
      const goodbye = sari.call("chat.goodbye", { command_id: newCommand(), session_id, text })
      const over = yield* compared("customer", sari, goodbye)
      assert.notInclude(over.reads, "find")
      assert.deepInclude(over.view, { status: "completed", goodbyes: { customer: text, mitra: null } })
    }).pipe(Effect.provide(world)))

  it.effect("repeated shows the session as it is by now, and one that was handed over as it was left", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const { session_id } = yield* request(sari)
      const command_id = newCommand()
      const compared = comparing(session_id)
      yield* accept(ayu, session_id, command_id)
      yield* say(sari, session_id, "Halo")
      yield* TestClock.adjust("1 second")
      const again = yield* compared("mitra", ayu, accept(ayu, session_id, command_id))
      assert.deepInclude(again.view, { status: "active", unread: 1, last_seq: 3 })
      const bunga = yield* onlineMitra(2)
      yield* handOver(session_id, ayu, bunga)
      yield* say(bunga, session_id, "Hai, aku Bunga")
      const left = yield* compared("mitra", ayu, accept(ayu, session_id, command_id))
      assert.notInclude(left.reads, "find")
      assert.deepInclude(left.view, { end_reason: "rerouted", mitra_id: ayu.id, last_seq: 4, unread: 0 })
    }).pipe(Effect.provide(world)))

  it.effect("of an actor of the version before, which brings no session, is read", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const bunga = yield* onlineMitra(2)
      const sari = yield* customerPhone("Sari")
      const { session_id } = yield* request(sari)
      const faults = yield* Faults
      faults.actorsAreOld = true
      const declined = yield* bunga.call("mitra.decline", { command_id: newCommand(), session_id })
      assert.strictEqual(declined.status, "declined")
      const won = yield* comparing(session_id)("mitra", ayu, accept(ayu, session_id))
      assert.include(won.reads, "find")
    }).pipe(Effect.provide(world)))
})
