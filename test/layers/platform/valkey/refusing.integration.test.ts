// A Valkey that refuses or throws keys away, and what is known of it: its own reason, its policy.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Eviction } from "../../../../src/layers/platform/valkey/eviction.ts"
import { Valkey } from "../../../../src/layers/platform/valkey/connection.ts"
import { freshValkey } from "../../../support/valkey.ts"
import { valkeyAt } from "../../../support/valkey-connection.ts"

const ping = Effect.flatMap(Valkey, (valkey) => valkey.call("PING"))
const lastError = Effect.flatMap(Valkey, (valkey) => valkey.state).pipe(
  Effect.map((state) => state.last_error ?? "")
)

const evictionOnce = (wanted: (eviction: Eviction | null) => boolean) =>
  Effect.flatMap(Valkey, (valkey) => valkey.state).pipe(
    Effect.map(({ eviction }) => eviction),
    Effect.repeat({ until: wanted, schedule: Schedule.spaced("50 millis") }),
    Effect.timeout("20 seconds")
  )

describe("a Valkey whose policy throws keys away", () => {
  it.live("is known as one, also when its policy changes under a connection that stays", () =>
    Effect.gen(function*() {
      const server = yield* freshValkey
      yield* server.command("CONFIG", "SET", "maxmemory", "100mb")
      yield* server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
      yield* Effect.gen(function*() {
        const valkey = yield* Valkey
        const heard: Array<string> = []
        valkey.watch((event) => heard.push(event))
        assert.match((yield* valkey.state).eviction?.warning ?? "", /allkeys-lru.*noeviction/)
        yield* server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        yield* evictionOnce((eviction) => eviction === null)
        yield* server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        yield* evictionOnce((eviction) => eviction !== null)
        assert.deepStrictEqual(heard, ["evicts"])
      }).pipe(Effect.provide(valkeyAt(server.url)))
      yield* server.command("CONFIG", "SET", "maxmemory", "0")
    }).pipe(Effect.scoped))
})

describe("the reason", () => {
  it.live("of a wrong password stays in the connection's state", () =>
    Effect.gen(function*() {
      const server = yield* freshValkey
      const url = new URL(server.url)
      url.username = "nobody"
      url.password = "wrong"
      yield* Effect.gen(function*() {
        for (let n = 0; n < 3; n++) assert.strictEqual((yield* Effect.exit(ping))._tag, "Failure")
        assert.match(yield* lastError, /WRONGPASS/)
      }).pipe(Effect.provide(valkeyAt(url.toString())))
    }).pipe(Effect.scoped))
})
