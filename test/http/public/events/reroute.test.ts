// The event streams of the three people concerned when a chat changes hands: live, on reconnect, and after
// the bus has lost something. A mitra hears nothing that was said when the chat was not hers any more.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import type { PhoneEvent } from "../../../../src/contract/public/events.ts"
import { Bus } from "../../../../src/services/bus/bus.ts"
import { MitraActors } from "../../../../src/actors/mitra/protocol.ts"
import { handOver } from "../handover.ts"
import { newCommand, nextOf } from "../../phone.ts"
import { chat, given, onlineMitra, say } from "../../script.ts"
import { Faults, world } from "../../world.ts"

type Events = Queue.Dequeue<PhoneEvent, unknown>

/** The next events of the session, `count` of them, as [number, kind]. */
const heard = Effect.fnUntraced(function*(events: Events, count: number) {
  const story: Array<readonly [number, string]> = []
  for (let n = 0; n < count; n++) {
    const event = yield* Queue.take(events)
    if (event._tag !== "session") return assert.fail(`expected a fact, got ${JSON.stringify(event)}`)
    story.push([event.seq, event.fact.kind])
  }
  return story
})

const seqs = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

const stage = Effect.gen(function*() {
  yield* given
  const { ayu, sari, session_id } = yield* chat
  const bunga = yield* onlineMitra(2)
  yield* say(sari, session_id, "Halo")
  return { ayu, bunga, sari, session_id }
})

const byStaff = (_tag: "Activate" | "Deactivate", mitraId: string) =>
  Effect.flatMap(MitraActors, (actors) =>
    actors.run(mitraId, {
      sender_id: "staff:1",
      command_id: null,
      command: { _tag, staff_id: "1" },
      staff: null
    }))

describe("a customer whose mitra is deactivated", () => {
  it.effect("is told at once, sees it when she comes back, and that another took over", () =>
    Effect.gen(function*() {
      const { ayu, bunga, sari, session_id } = yield* stage
      const snapshot = Effect.scoped(
        Effect.flatMap(sari.subscribe(), (events) => nextOf(events, "snapshot"))
      )
      yield* Effect.scoped(Effect.gen(function*() {
        const events = yield* sari.subscribe()
        yield* nextOf(events, "snapshot")
        yield* byStaff("Deactivate", ayu.id)
        const away = yield* nextOf(events, "mitra_away")
        assert.deepInclude(away, { session_id, cause: "mitra_deactivated" })
        assert.isDefined(away.paused_until, "her time stands, and until when")
      }))
      const { sessions } = yield* snapshot
      assert.strictEqual(sessions[0]?.mitra_away?.cause, "mitra_deactivated")
      assert.isDefined(sessions[0]?.mitra_away?.paused_until)
      assert.isNull(sessions[0]?.ends_at)
      assert.strictEqual(sessions[0]?.status, "active", "nobody is cut off")
      yield* handOver(session_id, ayu, bunga)
      const after = yield* snapshot
      assert.isUndefined(after.sessions[0]?.mitra_away)
      assert.isNotNull(after.sessions[0]?.ends_at)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("and the mitra herself are told until when, once she is there again", () =>
    Effect.gen(function*() {
      const { ayu, sari, session_id } = yield* stage
      const customer = yield* sari.subscribe()
      yield* nextOf(customer, "snapshot")
      yield* byStaff("Deactivate", ayu.id)
      yield* nextOf(customer, "mitra_away")
      yield* byStaff("Activate", ayu.id)
      const mitra = yield* ayu.subscribe()
      const { sessions } = yield* nextOf(mitra, "snapshot")
      assert.isNull(sessions[0]?.ends_at, "its clock stands until she says that she is there")
      yield* ayu.call("mitra.go_online", { command_id: newCommand() })
      const back = yield* nextOf(customer, "mitra_away")
      assert.isDefined(back.ends_at)
      yield* nextOf(mitra, "mitra_status")
      const own = yield* nextOf(mitra, "mitra_away")
      assert.deepInclude(own, { session_id, cause: null, ends_at: back.ends_at })
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* nextOf(mitra, "tick"), { ends_at: back.ends_at })
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("is told after the bus had lost it, once", () =>
    Effect.gen(function*() {
      const { ayu, sari, session_id } = yield* stage
      const events = yield* sari.subscribe()
      yield* nextOf(events, "snapshot")
      const faults = yield* Faults
      faults.onBus = () => []
      yield* byStaff("Deactivate", ayu.id)
      faults.onBus = (messages) => messages
      const bus = yield* Bus
      yield* bus.publish([{ topic: `customer:${sari.id}`, event: { _tag: "Resync" } }])
      assert.deepInclude(yield* nextOf(events, "mitra_away"), { session_id, cause: "mitra_deactivated" })
      yield* bus.publish([{ topic: `customer:${sari.id}`, event: { _tag: "Resync" } }])
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Queue.size(events), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a hand-over", () => {
  it.effect("is told to all three; then only to the two whose chat it is", () =>
    Effect.gen(function*() {
      const { ayu, bunga, sari, session_id } = yield* stage
      const streams = {
        ayu: yield* ayu.subscribe(),
        bunga: yield* bunga.subscribe(),
        sari: yield* sari.subscribe()
      }
      for (const events of Object.values(streams)) yield* nextOf(events, "snapshot")
      // The participants for typing are remembered for a moment, beyond the hand-over.
      yield* sari.call("chat.typing", { session_id })
      yield* nextOf(streams.ayu, "typing")
      yield* handOver(session_id, ayu, bunga)
      yield* say(bunga, session_id, "Hai")
      assert.deepStrictEqual(yield* heard(streams.sari, 2), [[4, "rerouted"], [5, "message"]])
      const hers = yield* heard(streams.bunga, 5)
      assert.deepStrictEqual(hers.map(([seq]) => seq), seqs(1, 5))
      assert.deepStrictEqual(yield* heard(streams.ayu, 1), [[4, "rerouted"]])
      yield* sari.call("chat.typing", { session_id })
      yield* TestClock.adjust("5 seconds")
      yield* sari.call("chat.typing", { session_id })
      yield* TestClock.adjust("2 minutes")
      // No message, no typing and no tick of a chat that is not hers.
      assert.strictEqual(yield* Queue.size(streams.ayu), 0)
      assert.deepInclude(yield* nextOf(streams.bunga, "typing"), { side: "customer" })
      yield* nextOf(streams.bunga, "tick")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that her phone slept through is all she gets on reconnect, and not a word more", () =>
    Effect.gen(function*() {
      const { ayu, bunga, session_id } = yield* stage
      yield* handOver(session_id, ayu, bunga)
      for (const body of ["satu", "dua", "tiga"]) yield* say(bunga, session_id, body)
      const events = yield* ayu.subscribe([{ session_id, seq: 2 }])
      const snapshot = yield* nextOf(events, "snapshot")
      assert.deepStrictEqual(snapshot.sessions, [])
      assert.deepStrictEqual(snapshot.recovered, [{ session_id, recovered: true }])
      assert.deepStrictEqual(yield* heard(events, 2), [[3, "message"], [4, "rerouted"]])
      yield* say(bunga, session_id, "empat")
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* Queue.size(events), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that the bus lost is found by the resync, for who left and for who took over", () =>
    Effect.gen(function*() {
      const { ayu, bunga, session_id } = yield* stage
      const left = yield* ayu.subscribe()
      const came = yield* bunga.subscribe()
      yield* nextOf(left, "snapshot")
      yield* nextOf(came, "snapshot")
      const faults = yield* Faults
      faults.onBus = () => []
      yield* handOver(session_id, ayu, bunga)
      for (const body of ["satu", "dua", "tiga"]) yield* say(bunga, session_id, body)
      faults.onBus = (messages) => messages
      const resync = { _tag: "Resync" } as const
      yield* (yield* Bus).publish([
        { topic: `mitra:${ayu.id}`, event: resync },
        { topic: `mitra:${bunga.id}`, event: resync }
      ])
      assert.deepStrictEqual(yield* heard(left, 1), [[4, "rerouted"]])
      assert.deepStrictEqual((yield* heard(came, 7)).map(([seq]) => seq), seqs(1, 7))
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* Queue.size(left), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("back to her lets her phone catch up on what was said meanwhile", () =>
    Effect.gen(function*() {
      const { ayu, bunga, session_id } = yield* stage
      const events = yield* ayu.subscribe()
      yield* nextOf(events, "snapshot")
      yield* handOver(session_id, ayu, bunga)
      yield* say(bunga, session_id, "sebentar")
      assert.deepStrictEqual(yield* heard(events, 1), [[4, "rerouted"]])
      yield* handOver(session_id, bunga, ayu)
      assert.deepStrictEqual(yield* heard(events, 2), [[5, "message"], [6, "rerouted"]])
      yield* TestClock.adjust("61 seconds")
      yield* nextOf(events, "tick")
    }).pipe(Effect.scoped, Effect.provide(world)))
})
