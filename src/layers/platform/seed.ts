// Seed: what a server needs before its first phone call. Idempotent: what exists is left alone, so it may
// run at every development start. Demo people and the demo tier never enter a production database.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import { Passwords } from "../../services/accounts/passwords.ts"
import type { PricingTier } from "../../domain/pricing.ts"
import { Accounts } from "../../services/accounts/accounts.ts"
import { Pricing } from "../../services/payments/pricing.ts"
import { Staff } from "../../services/accounts/staff.ts"

export interface SeedOptions {
  readonly admin_email: string
  readonly admin_password: Redacted.Redacted
  readonly demo: boolean
}

const chat = (id: string, label: string, duration_seconds: number, price_idr: number): PricingTier => ({
  id,
  label,
  mode: "chat",
  duration_seconds,
  price_idr,
  is_active: true
})

const tiers = [
  chat("chat_5", "5 minutes", 300, 10_000),
  chat("chat_12", "12 minutes", 720, 22_000),
  chat("chat_60", "60 minutes", 3600, 95_000)
]
/** Short enough to watch a paid chat end. */
const demoTier = chat("demo", "12 seconds (demo)", 12, 1000)

export const demoMitras = [
  { display_name: "Ayu", phone: "+628110000001" },
  { display_name: "Bunga", phone: "+628110000002" },
  { display_name: "Citra", phone: "+628110000003" }
]

/** Returns what it added. */
export const seed = Effect.fn("seed")(function*(options: SeedOptions) {
  const staff = yield* Staff
  const accounts = yield* Accounts
  const pricing = yield* Pricing
  const random = yield* SecureRandom.SecureRandom
  const now = yield* Clock.currentTimeMillis
  const added: Array<string> = []

  for (const tier of options.demo ? [...tiers, demoTier] : tiers) {
    // Staff may have changed a price since: only what is missing is put.
    if ((yield* pricing.findTier(tier.id)) !== null) continue
    yield* pricing.replaceTier(tier, now)
    added.push(`tier ${tier.id}`)
  }

  if ((yield* staff.findStaffByEmail(options.admin_email)) === null) {
    const password_hash = yield* (yield* Passwords).hash(Redacted.value(options.admin_password))
    const id = yield* random.uuidV7()
    yield* staff.createStaff({ id, email: options.admin_email, password_hash, role: "admin" }, now)
    added.push(`admin ${options.admin_email}`)
  }

  for (const mitra of options.demo ? demoMitras : []) {
    const account = { id: yield* random.uuidV7(), is_active: true, ...mitra }
    if (yield* accounts.createMitra(account, now)) added.push(`mitra ${mitra.display_name} ${mitra.phone}`)
  }
  return added
})
