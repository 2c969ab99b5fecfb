// AccountChanges: what staff change about staff and mitra accounts. Each change and its audit entry are one
// transaction; a change that changes nothing leaves no entry.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Role } from "../../domain/staff.ts"
import type { ChangeEntry } from "./audit.ts"
import type { MitraAccount, StaffAccount } from "./accounts.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type StaffSummary = Omit<StaffAccount, "password_hash" | "failed_attempts">

export type StaffChange = { readonly role: Role } | { readonly is_active: boolean }

export type StaffChanged =
  | { readonly _tag: "Done"; readonly staff: StaffSummary }
  | { readonly _tag: "Unknown" }
  /** No active admin would be left. */
  | { readonly _tag: "LastAdmin" }

/** The control center shows no more. */
export const staffListMax = 500

export class AccountChanges extends Context.Service<AccountChanges, {
  /** By email, at most `staffListMax`. */
  readonly staff: Effect.Effect<ReadonlyArray<StaffSummary>, Unavailable>
  /** False when the email (without case) is taken. */
  readonly createStaff: (
    staff: Pick<StaffAccount, "id" | "email" | "password_hash"> & { readonly role: Role },
    entry: ChangeEntry
  ) => Effect.Effect<boolean, Unavailable>
  /** Of two changes at once that would each leave the other's admin as the last, one is refused. */
  readonly changeStaff: (
    staffId: string,
    change: StaffChange,
    entry: ChangeEntry
  ) => Effect.Effect<StaffChanged, Unavailable>
  /** With her offline status row. False when the phone is another mitra's. */
  readonly createMitra: (mitra: MitraAccount, entry: ChangeEntry) => Effect.Effect<boolean, Unavailable>
  /** As she is afterwards, or null for an unknown mitra. */
  readonly renameMitra: (
    mitraId: string,
    displayName: string,
    entry: ChangeEntry
  ) => Effect.Effect<MitraAccount | null, Unavailable>
}>()("halobestie/services/AccountChanges") {}
