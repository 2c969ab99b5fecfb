// Presence in Valkey while phones come by the hundred: what it is told, and in how many commands.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { SecureRandom } from "effect/crypto"
import * as PresenceValkey from "../../../src/layers/availability/presence.valkey.ts"
import { Valkey, valkeyTimings } from "../../../src/layers/platform/valkey/connection.ts"
import { Presence } from "../../../src/services/availability/presence.ts"

/** Answers as one that knows the runner's set. */
const recording = (said: Array<ReadonlyArray<unknown>>) =>
  Layer.succeed(Valkey)(Valkey.of({
    call: (...command) =>
      Effect.sync(() => {
        said.push(command)
        return 1
      }),
    run: () => Effect.succeed(0),
    state: Effect.succeed({ connected_since: 0, latency_ms: 0, last_error: null, eviction: null }),
    watch: () => () => {},
    duplicate: () => {
      throw new Error("not asked for here")
    },
    timings: valkeyTimings
  }))

describe("presence in Valkey", () => {
  it.effect("people who come in a storm share a few updates, and all of them are told", () => {
    const said: Array<ReadonlyArray<unknown>> = []
    return Effect.gen(function*() {
      const presence = yield* Presence
      for (let n = 0; n < 300; n++) {
        yield* presence.register({ user_type: "customer", user_id: String(n) })
        yield* TestClock.adjust(1)
      }
      yield* TestClock.adjust(100)
      const added = said.filter(([command]) => command === "SADD")
      assert.sameMembers(
        added.flatMap(([, , ...people]) => people),
        Array.from({ length: 300 }, (_, n) => `customer:${n}`)
      )
      assert.isAtMost(added.length, 20)
    }).pipe(
      Effect.provide(PresenceValkey.layer.pipe(
        Layer.provide(Layer.mergeAll(recording(said), SecureRandom.layerWebCrypto))
      )),
      Effect.scoped
    )
  })
})
