// Seed data: what a world's database holds before its clients come: prices and the first member of staff, as
// the real seed makes them, and the mitras.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import * as PricingMemory from "../../testkit/memory/pricing.memory.ts"
import * as AccountsMemory from "../../testkit/memory/accounts.memory.ts"
import * as StaffMemory from "../../testkit/memory/staff.memory.ts"
import { seed } from "../../src/layers/platform/seed.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { streamNames } from "../kernel/prng.ts"
import { Process } from "../kernel/process.ts"
import { layerPasswords } from "../server/identities.ts"
import type { World } from "../world.ts"

export const adminEmail = "admin@halobestie.sim"
export const adminPassword = "simulated-admin"

export const mitraId = (index: number): string =>
  `00000000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`
export const mitraPhone = (index: number): string => `+6281100${String(index).padStart(6, "0")}`

/** Into whatever the ports stand on. */
export const seeding = (mitras: number, now_ms: number) =>
  Effect.gen(function*() {
    yield* seed({ admin_email: adminEmail, admin_password: Redacted.make(adminPassword), demo: false })
    const people = yield* Accounts
    for (let index = 1; index <= mitras; index += 1) {
      const account = { id: mitraId(index), display_name: `Mitra ${index}`, phone: mitraPhone(index) }
      yield* people.createMitra({ ...account, is_active: true }, now_ms)
    }
  })

/** Call it before the runners have started. */
export const seedWorld = (world: World, options: { readonly mitras: number }): void => {
  const adapters = Layer.mergeAll(
    AccountsMemory.layer,
    PricingMemory.layer,
    StaffMemory.layer,
    layerPasswords
  ).pipe(
    Layer.provideMerge(Layer.succeed(MemoryTables)(world.stores.tables))
  )
  const seeded = Effect.provide(seeding(options.mitras, world.time.now_ms), adapters)
  const context = world.runtime(new Process("seed data"), streamNames.seed_data)
  Effect.runSyncExitWith(context)(Effect.orDie(seeded))
}
