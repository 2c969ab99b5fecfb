// Typing: told to the other side, whoever asked too often before or not.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Caller } from "../../../../src/http/public/auth/caller.ts"
import { makeTyping } from "../../../../src/http/public/handlers/typing.ts"
import { quotas, Quotas } from "../../../../src/http/public/quotas.ts"
import { Bus } from "../../../../src/services/bus/bus.ts"
import { Unavailable } from "../../../../src/services/platform/unavailable.ts"
import { type Participation, SessionViews } from "../../../../src/services/sessions/session-views.ts"

const topic = "customer:customer-1"
const me: Caller = { side: "customer", id: "customer-1", sender_id: topic, topic }
const hers: Participation = {
  id: "session-1",
  customer_id: me.id,
  mitra_id: "mitra-1",
  assigned: [],
  status: "active"
}

describe("a hint that somebody types", () => {
  it.effect("is told as soon as the database answers, however often it did not", () => {
    const { burst } = quotas.unknown_sessions_per_person
    const told: Array<string> = []
    let asked = 0
    const participation = () =>
      Effect.suspend(() =>
        ++asked > burst + 5
          ? Effect.succeed(hers)
          : Effect.fail(new Unavailable({ what: "postgres", retryable: true }))
      )
    return Effect.gen(function*() {
      const typing = yield* makeTyping
      for (let hint = 1; hint <= burst + 5; hint += 1) {
        assert.strictEqual((yield* Effect.flip(typing(me, "session-1")))._tag, "Unavailable")
      }
      yield* typing(me, "session-1")
      assert.deepStrictEqual(told, ["mitra:mitra-1"])
    }).pipe(Effect.provide([
      Layer.succeed(Quotas)(quotas),
      Layer.mock(SessionViews)({ participation }),
      Layer.mock(Bus)({
        publish: (all) => Effect.sync(() => void told.push(...all.map(({ topic }) => topic)))
      })
    ]))
  })
})
