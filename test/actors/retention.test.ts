// The retention sweep over memory adapters: what it finds to do is done pass by pass, and said in counts.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { retention } from "../../src/actors/sweeps/retention.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { PersonalData } from "../../src/services/personal-data/personal-data.ts"
import { customerId, givenCustomer, idOf, t0 } from "../../testkit/conformance/given.ts"
import * as StoresMemory from "../../testkit/memory/stores.memory.ts"
import * as Tables from "../../testkit/memory/store/tables.ts"

const stores = StoresMemory.layer.pipe(
  Layer.provideMerge(Layer.merge(Tables.layer, SecureRandom.layerWebCrypto))
)

describe("a retention pass", () => {
  it.effect("does nothing on young data, and then erases, deletes and purges by age", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const sweep = yield* retention
      yield* givenCustomer
      yield* (yield* Payments).logWebhook({ id: idOf(1), provider: "p", headers: "{}", body: "{}", at: t0 })
      const none = { texts: 0, unused_deleted: 0, inactive_erased: 0 }
      const months = { months_made: 0, months_detached: 0, months_dropped: 0 }
      const records = { codes: 0, sign_ins: 0, commands: 0, webhooks: 0 }
      assert.deepStrictEqual(yield* sweep.runOnce, { ...none, ...records })
      yield* TestClock.adjust("91 days")
      assert.deepStrictEqual(yield* sweep.runOnce, {
        ...none,
        unused_deleted: 1,
        ...records,
        webhooks: 1,
        ...months
      })
      assert.isNull(yield* (yield* Accounts).findCustomer(customerId))
    }).pipe(Effect.provide(stores)))

  it.effect("finishes the texts of who deleted their account", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const sweep = yield* retention
      yield* givenCustomer
      yield* (yield* PersonalData).erase({ user_type: "customer", user_id: customerId }, t0)
      assert.strictEqual((yield* sweep.runOnce).texts, 1)
      assert.strictEqual((yield* sweep.runOnce).texts, 0)
    }).pipe(Effect.provide(stores)))
})
