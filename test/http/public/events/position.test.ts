// The event stream of a phone whose chat's last commit was never announced: the actor that loads the session
// next publishes its position. Virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { Bus } from "../../../../src/services/bus/bus.ts"
import { newCommand, nextOf } from "../../phone.ts"
import { chat, given } from "../../script.ts"
import { Faults, world } from "../../world.ts"

const setBus = (isLost: boolean) =>
  Effect.map(Faults, (faults) => {
    faults.onBus = (messages) => isLost ? [] : messages
  })

/** A chat whose mitra's phone is listening, with the snapshot already read. */
const listening = Effect.gen(function*() {
  yield* given
  const story = yield* chat
  const events = yield* story.ayu.subscribe()
  yield* nextOf(events, "snapshot")
  return { ...story, events }
})

describe("a bus", () => {
  it.effect("that lost the last event: where the session stands is said again, and the rest told once", () =>
    Effect.gen(function*() {
      const { ayu, events, sari, session_id } = yield* listening
      const bus = yield* Bus
      const stands = (seq: number, is_over: boolean) =>
        bus.publish([{
          topic: `mitra:${ayu.id}`,
          event: { _tag: "SessionPosition", session_id, seq, is_over }
        }])
      yield* setBus(true)
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Makasih" })
      yield* setBus(false)
      // Twice, as two runners may: the second finds nothing new.
      yield* stands(5, true)
      yield* stands(5, true)
      for (const seq of [3, 4, 5]) assert.strictEqual((yield* nextOf(events, "session")).seq, seq)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Queue.size(events), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that tells of a session which ended before this phone came: its story is not told again", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Makasih" })
      const events = yield* ayu.subscribe()
      yield* nextOf(events, "snapshot")
      const topic = `mitra:${ayu.id}` as const
      const event = { _tag: "SessionPosition", session_id, seq: 5, is_over: true } as const
      yield* (yield* Bus).publish([{ topic, event }])
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Queue.size(events), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))
})
