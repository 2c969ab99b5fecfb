// Valkey moves to another address, and one of two runners has been restarted for it: until the other is, they
// do not share one. They say so, Postgres answers for the mirror, and requests find who is online.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { seedDatabase, type ServerProcess, startRunner } from "../support/server-process.ts"
import { freshValkey } from "../support/valkey.ts"
import { customer, mitra, pair, send } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const stateOf = (server: ServerProcess) =>
  Effect.promise(async () => {
    const token = await signInAdmin(server)
    const { last_error, state } = await adminCall(server, token, "admin.mirror_health", {})
    return last_error === "valkey_not_shared" ? last_error : String(state)
  })

const becomes = (server: ServerProcess, expected: string) =>
  stateOf(server).pipe(
    Effect.repeat({ until: (state) => state === expected, schedule: Schedule.spaced("500 millis") }),
    Effect.timeoutOrElse({
      duration: "25 seconds",
      orElse: () => Effect.map(stateOf(server), (state) => assert.fail(`it says ${state}`))
    })
  )

describe("runners on two Valkeys", () => {
  it.live("say so and pair by the rows; on one again, the mirror serves", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const [before, after] = [yield* freshValkey, yield* freshValkey]
      const staying = yield* startRunner(url, { VALKEY_URL: before.url })
      const moved = yield* startRunner(url, { VALKEY_URL: after.url })
      yield* becomes(moved, "valkey_not_shared")
      yield* becomes(staying, "valkey_not_shared")
      const people = yield* Effect.promise(async () => {
        // Only the old Valkey would hear of her.
        const ayu = await mitra(staying, 1)
        const sari = await customer(moved)
        await send(sari, await pair(moved, sari, ayu, "chat_5"), "found")
        return [sari, ayu]
      })
      for (const { phone } of people) phone.hangUp()
      assert.strictEqual(yield* staying.end("SIGTERM"), 0, staying.lines.join("\n"))
      const followed = yield* startRunner(url, { VALKEY_URL: after.url })
      yield* becomes(moved, "up")
      yield* becomes(followed, "up")
    }), 120_000)
})
