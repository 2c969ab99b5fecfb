// People: customers, mitras and staff as accounts. Times are epoch milliseconds; phones are E.164.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Unavailable } from "./unavailable.ts"

export interface Customer {
  readonly id: string
  readonly call_name: string
  readonly phone: string | null
  readonly created_at: number
}

export interface MitraAccount {
  readonly id: string
  readonly display_name: string
  readonly phone: string
  readonly is_active: boolean
}

export interface StaffAccount {
  readonly id: string
  readonly email: string
  readonly password_hash: string
  readonly role: string
  readonly is_active: boolean
  readonly failed_attempts: number
  readonly locked_until: number | null
}

export class People extends Context.Service<People, {
  readonly createCustomer: (customer: Customer) => Effect.Effect<void, Unavailable>
  readonly findCustomer: (id: string) => Effect.Effect<Customer | null, Unavailable>
  /** Creates the account and its offline status row. False when the phone is already a mitra's. */
  readonly createMitra: (mitra: MitraAccount, at: number) => Effect.Effect<boolean, Unavailable>
  readonly findMitra: (id: string) => Effect.Effect<MitraAccount | null, Unavailable>
  readonly findMitraByPhone: (phone: string) => Effect.Effect<MitraAccount | null, Unavailable>
  /** False when the email is already staff's. Emails are compared without case. */
  readonly createStaff: (
    staff: Pick<StaffAccount, "id" | "email" | "password_hash" | "role">,
    at: number
  ) => Effect.Effect<boolean, Unavailable>
  readonly findStaff: (id: string) => Effect.Effect<StaffAccount | null, Unavailable>
  readonly findStaffByEmail: (email: string) => Effect.Effect<StaffAccount | null, Unavailable>
  /** After a failed attempt: counts up and locks at `lockAfter` until `lockedUntil`; returns the count. */
  readonly staffSignInFailed: (
    id: string,
    lockAfter: number,
    lockedUntil: number
  ) => Effect.Effect<number, Unavailable>
  readonly staffSignedIn: (id: string) => Effect.Effect<void, Unavailable>
}>()("halobestie/services/People") {}
