// PersonalData: what is held about a person, and its end. An account that is deleted loses name, phone,
// devices and sign-ins at once; its texts follow in batches; payments and the ledger stay. Times are epoch
// milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Months, RecordKind } from "../../domain/retention.ts"
import type { Person } from "../../domain/trust.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type Erasure =
  /** Also when it was erased before. */
  | { readonly _tag: "Erased" }
  | { readonly _tag: "Unknown" }
  /** A chat runs or a request is open, or an order is neither used nor over. */
  | { readonly _tag: "Busy"; readonly session_id: string | null; readonly payment_id: string | null }

export interface HeldPayment {
  readonly id: string
  readonly status: string
  readonly product: string
  readonly amount_idr: number
  readonly created_at: number
  readonly confirmed_at: number | null
}

export interface HeldAccount {
  readonly name: string
  readonly phone: string | null
  readonly created_at: number
  readonly payments: ReadonlyArray<HeldPayment>
}

/** More orders than this nobody has; the newest are shown. */
export const heldPaymentsMax = 1000

export interface MonthsKept {
  readonly made: number
  readonly detached: number
  readonly dropped: number
}

export class PersonalData extends Context.Service<PersonalData, {
  /**
   * Ends an account, with the anonymous ones that belong to it. All its sign-ins are revoked with it.
   * `entry`: by staff, who leave an audit entry.
   */
  readonly erase: (
    person: Person,
    at: number,
    entry?: ChangeEntry
  ) => Effect.Effect<Erasure, Unavailable>
  /** Null for nobody, and for who was erased. */
  readonly heldOf: (person: Person) => Effect.Effect<HeldAccount | null, Unavailable>
  /**
   * Erases at most so many texts of chats of deleted customers: both sides' messages and goodbyes. What was
   * quoted in a case stays with it. Returns how many; 0 when there are none left.
   */
  readonly eraseTexts: (limit: number, now: number) => Effect.Effect<number, Unavailable>
  /**
   * Looks through at most `limit` anonymous accounts whose id comes after `after`: deletes those that were
   * never used and not opened since `unused_before`, and gives those that were not opened since
   * `inactive_before`. `last` is the last one looked at, null when there are no more.
   */
  readonly anonymous: (options: {
    readonly after: string | null
    readonly unused_before: number
    readonly inactive_before: number
    readonly limit: number
  }) => Effect.Effect<
    {
      readonly deleted: number
      readonly inactive: ReadonlyArray<string>
      readonly last: string | null
    },
    Unavailable
  >
  /** Deletes at most `limit` records of this kind that are older than `before`; returns how many. */
  readonly purge: (kind: RecordKind, before: number, limit: number) => Effect.Effect<number, Unavailable>
  /** Months of the tables in parts that were made, detached and dropped. A month with an open chat stays. */
  readonly keepMonths: (months: Months, now: number) => Effect.Effect<MonthsKept, Unavailable>
}>()("halobestie/services/PersonalData") {}
