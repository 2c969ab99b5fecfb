// Accounts: customers and mitras, and the devices they can be pushed to. Staff are a port of their own. Times
// are epoch milliseconds; phones are E.164.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Profile } from "../../domain/matching.ts"
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

export type MitraRenamed =
  | { readonly _tag: "Done"; readonly mitra: MitraAccount }
  | { readonly _tag: "Unknown" }
  /** A colleague was first: as she is now. */
  | { readonly _tag: "Stale"; readonly mitra: MitraAccount }

export class Accounts extends Context.Service<Accounts, {
  /** The same id again changes nothing: a call whose answer was lost may be repeated. */
  readonly createCustomer: (customer: Customer) => Effect.Effect<void, Unavailable>
  /** As every `find` here: null when there is none. */
  readonly findCustomer: (id: string) => Effect.Effect<CustomerAccount | null, Unavailable>
  /** In one read and in the order asked; unknown ones are left out. */
  readonly findCustomers: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<CustomerAccount>, Unavailable>
  readonly findCustomerByPhone: (phone: string) => Effect.Effect<CustomerAccount | null, Unavailable>
  /**
   * After this customer proved this phone, in one step: see `Proof`. Of customers who prove one phone
   * at once, the first gets it and the others belong to that one. Repeating it changes nothing.
   */
  readonly provePhone: (customerId: string, phone: string) => Effect.Effect<Proof, Unavailable>
  /**
   * Creates the account and its offline status row. False when the phone is already another mitra's;
   * the same id and phone again is a repeat, changes nothing and is true. What staff create has its audit
   * entry in the same transaction.
   */
  readonly createMitra: (
    mitra: MitraAccount,
    at: number,
    entry?: ChangeEntry
  ) => Effect.Effect<boolean, Unavailable>
  /**
   * A new name has its audit entry with it. `seen`: the name it was changed from; while she has another one,
   * and not the new one already, nothing changes.
   */
  readonly renameMitra: (
    mitraId: string,
    displayName: string,
    entry: ChangeEntry,
    seen?: string
  ) => Effect.Effect<MitraRenamed, Unavailable>
  /** What she may be asked for; null for an unknown mitra. */
  readonly profileOf: (mitraId: string) => Effect.Effect<Profile | null, Unavailable>
  /** The same, as staff want it. A change has its audit entry with it; false for an unknown mitra. */
  readonly setProfile: (
    mitraId: string,
    profile: Profile,
    entry: ChangeEntry
  ) => Effect.Effect<boolean, Unavailable>
  readonly findMitra: (id: string) => Effect.Effect<MitraAccount | null, Unavailable>
  readonly findMitraByPhone: (phone: string) => Effect.Effect<MitraAccount | null, Unavailable>
  /**
   * A token is one phone's and belongs to the person who registered it last: an earlier owner loses it, and
   * is answered if another person whose sign-in is live. Of this person's other devices those of ended
   * sign-ins go, then the oldest ones beyond `devicesMax`.
   */
  readonly registerDevice: (
    device: Device,
    devicesMax: number
  ) => Effect.Effect<DeviceOwner | null, Unavailable>
  /** Nothing happens unless the token is this person's. */
  readonly dropDevice: (owner: DeviceOwner, token: string) => Effect.Effect<void, Unavailable>
  /** The push provider says that this token will never work again. */
  readonly dropInvalidDevice: (token: string) => Effect.Effect<void, Unavailable>
  /** Newest first, only those whose sign-in is live: empty means that this person cannot be pushed to. */
  readonly devicesOf: (owner: DeviceOwner) => Effect.Effect<ReadonlyArray<Device>, Unavailable>
  /**
   * Those of the person's other sign-ins, newest first: of the living ones, and for a day of the ones that
   * this sign-in replaced.
   */
  readonly devicesBeside: (
    owner: DeviceOwner,
    familyId: string
  ) => Effect.Effect<ReadonlyArray<Device>, Unavailable>
}>()("halobestie/services/Accounts") {}
