// Seed data: what a world's database holds before its clients come: prices and the first member of staff, as
// the real seed makes them, and the mitras.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import type { Json } from "effect/Schema"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import * as PricingMemory from "../../testkit/memory/pricing.memory.ts"
import * as AccountsMemory from "../../testkit/memory/accounts.memory.ts"
import * as SettingsMemory from "../../testkit/memory/settings.memory.ts"
import * as StaffMemory from "../../testkit/memory/staff.memory.ts"
import { seed } from "../../src/layers/platform/seed.ts"
import type { SettingKey } from "../../src/domain/settings.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import { streamNames } from "../kernel/prng.ts"
import { Process } from "../kernel/process.ts"
import { layerPasswords } from "../server/identities.ts"
import type { World } from "../world.ts"

export const adminEmail = "admin@halobestie.sim"
export const adminPassword = "simulated-admin"

export const mitraId = (index: number): string =>
  `00000000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`
export const mitraPhone = (index: number): string => `+6281100${String(index).padStart(6, "0")}`

/** By key; what is not named has its default. */
export type StartingSettings = Readonly<Record<string, Json>>

const turn = Effect.fnUntraced(function*(key: SettingKey, value: Json, at: number) {
  const admin = yield* (yield* Staff).findStaffByEmail(adminEmail)
  const entry = {
    id: yield* (yield* SecureRandom.SecureRandom).uuidV7(),
    staff_id: admin?.id ?? "",
    action: "setting.write",
    target_type: "setting",
    target_id: key,
    before: null,
    after: value,
    peer: "seed data",
    at
  }
  yield* (yield* Settings).put(key, value as never, entry)
})

/** Into whatever the ports stand on. */
export const seeding = (mitras: number, now_ms: number, settings: StartingSettings = {}) =>
  Effect.gen(function*() {
    yield* seed({ admin_email: adminEmail, admin_password: Redacted.make(adminPassword), demo: false })
    const people = yield* Accounts
    for (let index = 1; index <= mitras; index += 1) {
      const account = { id: mitraId(index), display_name: `Mitra ${index}`, phone: mitraPhone(index) }
      yield* people.createMitra({ ...account, is_active: true }, now_ms)
    }
    for (const [key, value] of Object.entries(settings)) yield* turn(key as SettingKey, value, now_ms)
  })

/** Call it before the runners have started. */
export const seedWorld = (
  world: World,
  options: { readonly mitras: number; readonly settings?: StartingSettings }
): void => {
  const adapters = Layer.mergeAll(
    AccountsMemory.layer,
    PricingMemory.layer,
    SettingsMemory.layer,
    StaffMemory.layer,
    layerPasswords
  ).pipe(
    Layer.provideMerge(Layer.succeed(MemoryTables)(world.stores.tables))
  )
  const seeded = Effect.provide(seeding(options.mitras, world.time.now_ms, options.settings), adapters)
  const context = world.runtime(new Process("seed data"), streamNames.seed_data)
  Effect.runSyncExitWith(context)(Effect.orDie(seeded))
}
