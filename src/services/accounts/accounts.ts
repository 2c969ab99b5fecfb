// People: customers, mitras and staff as accounts, and the devices they can be pushed to. Times are epoch
// milliseconds; phones are E.164.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Side } from "../../domain/session/state.ts"
import type { Proof } from "../../domain/phone.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface Customer {
  readonly id: string
  readonly call_name: string
  readonly phone: string | null
  readonly created_at: number
}

export interface CustomerAccount extends Customer {
  /** The customer this anonymous account belongs to since its phone turned out to be theirs. */
  readonly belongs_to: string | null
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

export interface DeviceOwner {
  readonly user_type: Side
  readonly user_id: string
}

export interface Device extends DeviceOwner {
  readonly token: string
  readonly platform: "android" | "ios"
  /** The family id of the sign-in. */
  readonly auth_session_id: string
  readonly registered_at: number
}

export class Accounts extends Context.Service<Accounts, {
  /** The same id again changes nothing: a call whose answer was lost may be repeated. */
  readonly createCustomer: (customer: Customer) => Effect.Effect<void, Unavailable>
  readonly findCustomer: (id: string) => Effect.Effect<CustomerAccount | null, Unavailable>
  readonly findCustomerByPhone: (phone: string) => Effect.Effect<CustomerAccount | null, Unavailable>
  /**
   * After this customer proved this phone, in one step: see `Proof`. Of customers who prove one phone
   * at once, the first gets it and the others belong to that one. Repeating it changes nothing.
   */
  readonly provePhone: (customerId: string, phone: string) => Effect.Effect<Proof, Unavailable>
  /**
   * Creates the account and its offline status row. False when the phone is already another mitra's;
   * the same id and phone again is a repeat, changes nothing and is true.
   */
  readonly createMitra: (mitra: MitraAccount, at: number) => Effect.Effect<boolean, Unavailable>
  readonly findMitra: (id: string) => Effect.Effect<MitraAccount | null, Unavailable>
  readonly findMitraByPhone: (phone: string) => Effect.Effect<MitraAccount | null, Unavailable>
  /**
   * False when the email is already another staff member's; the same id and email again is a repeat.
   * Emails are compared without case, and kept as written.
   */
  readonly createStaff: (
    staff: Pick<StaffAccount, "id" | "email" | "password_hash" | "role">,
    at: number
  ) => Effect.Effect<boolean, Unavailable>
  readonly findStaff: (id: string) => Effect.Effect<StaffAccount | null, Unavailable>
  readonly findStaffByEmail: (email: string) => Effect.Effect<StaffAccount | null, Unavailable>
  /**
   * Before or after an attempt: counts up and returns the count, 0 for an unknown id. The attempt that
   * reaches `lockAfter`, and each one after it, locks until `lockedUntil`; a lock is never shortened.
   * Behind a lock that is over by `now` counting begins anew.
   */
  readonly staffSignInFailed: (
    id: string,
    lockAfter: number,
    lockedUntil: number,
    now?: number
  ) => Effect.Effect<number, Unavailable>
  /** Forgets failed attempts and the lock. */
  readonly staffSignedIn: (id: string) => Effect.Effect<void, Unavailable>
  /**
   * Takes the device's token over from whoever had it: a token is one phone's, and belongs to the person who
   * registered it last. Of this person's other devices those of ended sign-ins go, then the oldest ones
   * beyond `devicesMax`.
   */
  readonly registerDevice: (device: Device, devicesMax: number) => Effect.Effect<void, Unavailable>
  /** Nothing happens unless the token is this person's. */
  readonly dropDevice: (owner: DeviceOwner, token: string) => Effect.Effect<void, Unavailable>
  /** The push provider says that this token will never work again. */
  readonly dropInvalidDevice: (token: string) => Effect.Effect<void, Unavailable>
  /** Newest first, only those whose sign-in is live: empty means that this person cannot be pushed to. */
  readonly devicesOf: (owner: DeviceOwner) => Effect.Effect<ReadonlyArray<Device>, Unavailable>
}>()("halobestie/services/Accounts") {}
