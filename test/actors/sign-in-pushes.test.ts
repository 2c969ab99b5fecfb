// The push worker and a new sign-in: the other phones are told, app open or closed, the newcomer's is not.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { hour, idOf, t0 } from "../../testkit/conformance/given.ts"
import { customer } from "../../testkit/conformance/stage.ts"
import { asked, passAt, phone, pushWorld, Sockets } from "./push-world.ts"

describe("a new sign-in", () => {
  it.effect(
    "is told to the other phones, whichever app is open, once no hold lasts, and names nobody",
    () =>
      Effect.gen(function*() {
        const { open } = yield* Sockets
        open.add(customer(1))
        yield* phone("customer", customer(1), 1)
        const newcomer = idOf(9)
        const signIn = { user_type: "customer", user_id: customer(1), refresh_hash: "hash-9" } as const
        yield* (yield* SignIns).open(
          { ...signIn, id: newcomer, family_id: newcomer, created_at: t0, expires_at: t0 + hour },
          { only_one: false, notice: { due_at: t0 + 15_000, expires_at: t0 + hour } }
        )
        const device = { user_type: "customer", user_id: customer(1), auth_session_id: newcomer } as const
        yield* (yield* Accounts).registerDevice(
          { ...device, token: "the newcomer's", platform: "ios", registered_at: t0 },
          10
        )
        yield* (yield* PushOutbox).hold({ until: t0 + 20_000, reason: "rate_limited" })
        assert.deepInclude(yield* passAt(t0 + 19_999), { claimed: 0, sent: 0 })
        assert.deepInclude(yield* passAt(t0 + 20_000), { claimed: 1, sent: 1 })
        const [message, ...others] = yield* asked
        assert.lengthOf(others, 0)
        assert.strictEqual(message?.token, `${customer(1)}/phone-1`)
        assert.strictEqual(message?.collapse_id, "sign_in")
        assert.deepStrictEqual(message?.data, {
          push_id: newcomer,
          kind: "sign_in",
          expires_at: "2026-01-01T01:00:00.123Z"
        })
        assert.strictEqual(message?.title, "New sign-in to your account")
      }).pipe(Effect.provide(pushWorld))
  )
})
