// The people, times and ids conformance suites start from. Ids sort as they are numbered.
import * as Effect from "effect/Effect"
import { Accounts, type MitraAccount } from "../../src/services/accounts/accounts.ts"
import { Staff } from "../../src/services/accounts/staff.ts"

/** 2026-01-01T00:00:00.123Z: with milliseconds, so that a rounded one is noticed. */
export const t0 = 1_767_225_600_123
export const minute = 60_000
export const hour = 60 * minute

/** Made at t0, as the first digits say. */
export const idOf = (n: number): string => `019b76da-a87b-7000-8000-${n.toString(16).padStart(12, "0")}`

export const customerId = idOf(0xc1)
export const mitraId = idOf(0xb1)
export const staffId = idOf(0xa1)

export const mitraAccount = (n: number): MitraAccount => ({
  id: idOf(0xb0 + n),
  display_name: `Bestie ${n}`,
  phone: `+62811000000${n}`,
  is_active: true
})

export const givenCustomer = Effect.flatMap(
  Accounts,
  (accounts) => accounts.createCustomer({ id: customerId, call_name: "Sari", phone: null, created_at: t0 })
)

export const givenMitra = Effect.flatMap(Accounts, (accounts) => accounts.createMitra(mitraAccount(1), t0))

export const givenStaff = Effect.flatMap(Staff, (accounts) =>
  accounts.createStaff(
    { id: staffId, email: "Admin@Halobestie.local", password_hash: "hash", role: "admin" },
    t0
  ))

/** All of them at the same moment, each from a fiber (and a connection) of its own. */
export const atOnce = <A, E, R>(effects: Iterable<Effect.Effect<A, E, R>>) =>
  Effect.all(effects, { concurrency: "unbounded" })

export const times = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => index)
