// A Valkey that answers and must not be used, and what is told of it: its own reason.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { Valkey } from "../../../../src/layers/platform/valkey/connection.ts"
import { freshValkey } from "../../../support/valkey.ts"
import { valkeyAt } from "../../../support/valkey-connection.ts"

const ping = Effect.flatMap(Valkey, (valkey) => valkey.call("PING"))
const lastError = Effect.flatMap(Valkey, (valkey) => valkey.state).pipe(
  Effect.map((state) => state.last_error ?? "")
)

describe("a Valkey whose policy throws keys away", () => {
  it.live("is not used, and says why, until its policy is mended", () =>
    Effect.gen(function*() {
      const server = yield* freshValkey
      yield* server.command("CONFIG", "SET", "maxmemory", "100mb")
      yield* server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
      yield* Effect.gen(function*() {
        assert.strictEqual((yield* Effect.exit(ping))._tag, "Failure")
        assert.match(yield* lastError, /allkeys-lru.*noeviction/)
        yield* server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        // Each probe asks anew.
        yield* Effect.retry(ping, Schedule.spaced("50 millis")).pipe(Effect.timeout("10 seconds"))
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
