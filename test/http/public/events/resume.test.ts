// Coming back to the event stream with the sequences a phone holds: exactly what it missed, or a plain
// word that it must fetch. Real handlers and machines over memory adapters, virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Since } from "../../../../src/http/public/events/snapshot.ts"
import { idOf } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, nextOf } from "../../phone.ts"
import { chat, given, request, say } from "../../script.ts"
import { world } from "../../world.ts"

describe("a phone that comes back", () => {
  it.effect("gets exactly what it missed, in order, then what happens next", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      for (let n = 3; n <= 150; n++) yield* say(n % 2 === 0 ? sari : ayu, session_id, `nr ${n}`)
      const events = yield* sari.subscribe([{ session_id, seq: 20 }])
      const snapshot = yield* nextOf(events, "snapshot")
      assert.deepStrictEqual(snapshot.recovered, [{ session_id, recovered: true }])
      for (let n = 21; n <= 150; n++) assert.strictEqual((yield* nextOf(events, "session")).seq, n)
      yield* say(ayu, session_id, "next")
      assert.strictEqual((yield* nextOf(events, "session")).seq, 151)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("with numbers of another history is told to fetch, whatever its numbers are", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const first = (since: ReadonlyArray<Since>, name?: string) =>
        Effect.scoped(Effect.flatMap(sari.subscribe(since, name), (events) => nextOf(events, "snapshot")))
      const { epoch } = yield* first([])
      const held = [{ session_id, seq: 1 }]
      const same = yield* first(held, epoch)
      assert.deepStrictEqual(same.recovered, [{ session_id, recovered: true }])
      const stale = yield* sari.subscribe(held, "of a backup")
      const snapshot = yield* nextOf(stale, "snapshot")
      assert.deepStrictEqual(snapshot.recovered, [{ session_id, recovered: false }])
      assert.strictEqual(snapshot.epoch, epoch)
      assert.strictEqual(snapshot.sessions[0]?.last_seq, 2)
      yield* say(ayu, session_id, "next")
      assert.strictEqual((yield* nextOf(stale, "session")).seq, 3, "and goes on live from the snapshot")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that missed nothing gets nothing but the snapshot", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const events = yield* sari.subscribe([{ session_id, seq: 2 }])
      assert.deepStrictEqual((yield* nextOf(events, "snapshot")).recovered, [{ session_id, recovered: true }])
      yield* say(ayu, session_id, "next")
      assert.strictEqual((yield* nextOf(events, "session")).seq, 3)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("gets the end of a session that ended meanwhile", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Makasih" })
      const events = yield* sari.subscribe([{ session_id, seq: 2 }])
      const snapshot = yield* nextOf(events, "snapshot")
      assert.deepStrictEqual(snapshot.sessions, [])
      assert.deepStrictEqual(snapshot.recovered, [{ session_id, recovered: true }])
      const facts = [
        yield* nextOf(events, "session"),
        yield* nextOf(events, "session"),
        yield* nextOf(events, "session")
      ]
      assert.deepStrictEqual(facts.map((event) => event.fact.kind), ["closing", "goodbye", "completed"])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("with a gap of 500 is served, with 501 is told to fetch history, and goes on live", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      for (let n = 3; n <= 502; n++) yield* say(ayu, session_id, `nr ${n}`)
      const served = yield* sari.subscribe([{ session_id, seq: 2 }])
      assert.deepStrictEqual((yield* nextOf(served, "snapshot")).recovered, [{ session_id, recovered: true }])
      for (let n = 3; n <= 502; n++) assert.strictEqual((yield* nextOf(served, "session")).seq, n)

      const old = yield* ayu.subscribe([{ session_id, seq: 1 }])
      const snapshot = yield* nextOf(old, "snapshot")
      assert.deepStrictEqual(snapshot.recovered, [{ session_id, recovered: false }])
      assert.strictEqual(snapshot.sessions[0]?.last_seq, 502)
      yield* say(sari, session_id, "next")
      assert.strictEqual((yield* nextOf(old, "session")).seq, 503)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("claiming what it cannot have, or what is not its own, is told to start over and no more", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const budi = yield* customerPhone("Budi")
      const stranger = yield* budi.subscribe([{ session_id, seq: 0 }, { session_id: idOf(0x999), seq: 0 }])
      const nothing = yield* nextOf(stranger, "snapshot")
      assert.deepStrictEqual(nothing.recovered.map((one) => one.recovered), [false, false])
      assert.deepStrictEqual(nothing.sessions, [])
      const ahead = yield* sari.subscribe([{ session_id, seq: 9999 }])
      assert.deepStrictEqual((yield* nextOf(ahead, "snapshot")).recovered, [{ session_id, recovered: false }])
      yield* say(sari, session_id, "Halo")
      assert.strictEqual((yield* nextOf(ahead, "session")).seq, 3)
      const { session_id: own } = yield* request(budi)
      yield* budi.call("customer.cancel", { command_id: newCommand(), session_id: own })
      assert.strictEqual((yield* nextOf(stranger, "session")).session_id, own)
    }).pipe(Effect.scoped, Effect.provide(world)))
})
