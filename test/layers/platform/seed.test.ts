// What the seed adds, and that it never touches what is there already.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import * as PasswordsLayer from "../../../src/layers/accounts/passwords.ts"
import * as StaffMemory from "../../../testkit/memory/staff.memory.ts"
import * as PricingMemory from "../../../testkit/memory/pricing.memory.ts"
import * as PeopleMemory from "../../../testkit/memory/accounts.memory.ts"
import { demoMitras, seed } from "../../../src/layers/platform/seed.ts"
import { Passwords } from "../../../src/services/accounts/passwords.ts"
import { Accounts } from "../../../src/services/accounts/accounts.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { Pricing } from "../../../src/services/payments/pricing.ts"

const layer = Layer.mergeAll(PeopleMemory.layer, PricingMemory.layer, StaffMemory.layer, PasswordsLayer.layer)
  .pipe(
    Layer.provideMerge(Tables.layer),
    Layer.provideMerge(SecureRandom.layerWebCrypto)
  )

const admin = { admin_email: "admin@halobestie.local", admin_password: Redacted.make("development-admin") }

describe("the seed", () => {
  it.effect("adds the tiers, an admin who can sign in, and three demo mitras", () =>
    Effect.gen(function*() {
      yield* seed({ ...admin, demo: true })
      const tiers = yield* (yield* Pricing).tiers
      assert.deepStrictEqual(tiers.map((tier) => [tier.id, tier.duration_seconds, tier.price_idr]), [
        ["demo", 12, 1000],
        ["chat_5", 300, 10_000],
        ["chat_12", 720, 22_000],
        ["chat_60", 3600, 95_000]
      ])
      const accounts = yield* Accounts
      const staff = yield* (yield* Staff).findStaffByEmail("ADMIN@halobestie.local")
      assert.strictEqual(staff?.role, "admin")
      assert.isTrue(yield* (yield* Passwords).verify("development-admin", staff?.password_hash ?? ""))
      for (const { display_name, phone } of demoMitras) {
        assert.strictEqual((yield* accounts.findMitraByPhone(phone))?.display_name, display_name)
      }
    }).pipe(Effect.provide(layer)))

  it.effect("adds nothing the second time, and leaves changed prices and passwords alone", () =>
    Effect.gen(function*() {
      yield* seed({ ...admin, demo: true })
      const pricing = yield* Pricing
      const tier = (yield* pricing.findTier("chat_5")) ?? assert.fail("no tier")
      yield* pricing.replaceTier({ ...tier, price_idr: 12_345 }, 1)
      const before = yield* (yield* Staff).findStaffByEmail(admin.admin_email)
      const added = yield* seed({ ...admin, admin_password: Redacted.make("another-password"), demo: true })
      assert.deepStrictEqual(added, [])
      assert.strictEqual((yield* pricing.findTier("chat_5"))?.price_idr, 12_345)
      assert.deepStrictEqual(yield* (yield* Staff).findStaffByEmail(admin.admin_email), before)
    }).pipe(Effect.provide(layer)))

  it.effect("brings no demo people and no demo tier into production", () =>
    Effect.gen(function*() {
      const added = yield* seed({ ...admin, demo: false })
      assert.deepStrictEqual(added, [
        "tier chat_5",
        "tier chat_12",
        "tier chat_60",
        `admin ${admin.admin_email}`
      ])
      assert.isNull(yield* (yield* Pricing).findTier("demo"))
      for (const { phone } of demoMitras) assert.isNull(yield* (yield* Accounts).findMitraByPhone(phone))
    }).pipe(Effect.provide(layer)))
})
