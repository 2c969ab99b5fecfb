// Staff: the accounts of those who work in the control center, and the audit log of what they did. A change
// and its audit entry are one transaction; a change that changes nothing leaves no entry. The log is
// append-only; most entries are written by the ports whose rows they describe. Times are epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuditEntry, ChangeEntry } from "../../domain/audit.ts"
import type { Role } from "../../domain/staff.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface StaffAccount {
  readonly id: string
  readonly email: string
  readonly password_hash: string
  readonly role: string
  readonly is_active: boolean
  readonly failed_attempts: number
  readonly locked_until: number | null
}

export type NewStaff = Pick<StaffAccount, "id" | "email" | "password_hash" | "role">

export type StaffSummary = Omit<StaffAccount, "password_hash" | "failed_attempts">

export type StaffChange = { readonly role: Role } | { readonly is_active: boolean }

export type StaffChanged =
  | { readonly _tag: "Done"; readonly staff: StaffSummary }
  | { readonly _tag: "Unknown" }
  /** Nobody would be left who may let others in. */
  | { readonly _tag: "LastAdmin" }

/** The control center shows no more. */
export const staffListMax = 500

export class Staff extends Context.Service<Staff, {
  /**
   * False when the email is already another staff member's; the same id and email again is a repeat.
   * Emails are compared without case, and kept as written. The seed creates without an entry.
   */
  readonly createStaff: (
    staff: NewStaff,
    at: number,
    entry?: ChangeEntry
  ) => Effect.Effect<boolean, Unavailable>
  readonly findStaff: (id: string) => Effect.Effect<StaffAccount | null, Unavailable>
  readonly findStaffByEmail: (email: string) => Effect.Effect<StaffAccount | null, Unavailable>
  /** By email, at most `staffListMax`. */
  readonly listStaff: Effect.Effect<ReadonlyArray<StaffSummary>, Unavailable>
  /** Of two changes at once that would each leave the other's admin as the last, one is refused. */
  readonly changeStaff: (
    staffId: string,
    change: StaffChange,
    entry: ChangeEntry
  ) => Effect.Effect<StaffChanged, Unavailable>
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
  /** The same id again changes nothing. */
  readonly appendAudit: (entry: AuditEntry) => Effect.Effect<void, Unavailable>
  /** Newest first; `before` is the id of the last entry of the previous page. `limit` 1 to 200. */
  readonly auditPage: (options: {
    readonly before: string | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<AuditEntry>, Unavailable>
}>()("halobestie/services/Staff") {}
