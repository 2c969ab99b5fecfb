// SignIns: how customers and mitras prove a phone, and what a sign-in opens. One-time codes and refresh
// tokens are stored as hashes only; limits are counted from rows, so they hold across runners and restarts.
// A rotated token that comes back after its successor was used is theft: its whole family is revoked. A
// family is live as long as none of its rows is revoked; expiry is each token's own business.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type UserType = "customer" | "mitra" | "staff"

export interface AuthSession {
  readonly id: string
  /** The first session of a sign-in; rotation keeps it. Access tokens carry it as session_id. */
  readonly family_id: string
  readonly user_type: UserType
  readonly user_id: string
  readonly refresh_hash: string
  readonly created_at: number
  readonly expires_at: number
}

export type Rotation =
  | { readonly _tag: "Rotated"; readonly session: AuthSession }
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Expired" }
  | { readonly _tag: "Revoked" }
  /** This family was exchanged too often within an hour; the token stays good. */
  | { readonly _tag: "TooOften"; readonly family_id: string; readonly retry_after_ms: number }
  /** A token already used, as its successor is: the family is now revoked. */
  | {
    readonly _tag: "Reused"
    readonly user_type: UserType
    readonly user_id: string
    readonly family_id: string
  }

/** For the other phones of this person: a push about the sign-in, with its id. */
export interface SignInNotice {
  readonly due_at: number
  readonly expires_at: number
}

/** A sign-in as its own person sees it. */
export interface OpenSignIn {
  readonly family_id: string
  readonly opened_at: number
  /** Its last refresh, or its opening. */
  readonly renewed_at: number
  /** Of the newest device that gets its pushes, if there is one. */
  readonly platform: "android" | "ios" | null
}

/** A person has a few; nobody is shown more. */
export const signInsMax = 50

export interface ShownRow {
  readonly id: string
  readonly at: number
}

export interface OneTimeCode {
  readonly id: string
  readonly phone: string
  readonly user_type: "customer" | "mitra"
  readonly code_hash: string
  readonly ip: string
  /** Who asked: only they can answer it. Other askers' codes for the same phone stand beside it. */
  readonly asked_by: string
  readonly created_at: number
  readonly expires_at: number
}

export interface CodeLimits {
  readonly now: number
  readonly cooldown_ms: number
  readonly per_phone_hourly: number
  readonly per_phone_hourly_in_total: number
  readonly per_ip_hourly: number
}

export type Issued =
  | { readonly _tag: "Issued" }
  | { readonly _tag: "Cooldown"; readonly retry_after_ms: number }
  | { readonly _tag: "PhoneLimit"; readonly retry_after_ms: number }
  | { readonly _tag: "IpLimit"; readonly retry_after_ms: number }

export type Checked = "matched" | "mismatch" | "attempts_exceeded" | "expired" | "used" | "unknown"

export interface TestNumber {
  readonly phone: string
  readonly code: string
}

/** Staff cannot list more than this; the last one is refused a place. */
export const testNumbersMax = 200

export class SignIns extends Context.Service<SignIns, {
  /**
   * Stores the first session of a family; the same id again changes nothing. `only_one`: all other
   * families of this person are revoked in the same transaction (one live device), and those that
   * could still have been used are named, so that their sockets can be closed. A mitra who was
   * deactivated meanwhile gets a family that is revoked from the start. `notice` is written down with it,
   * once, where the person has a phone of another sign-in, also of one that ends here.
   */
  readonly open: (
    session: AuthSession,
    options: { readonly only_one: boolean; readonly notice?: SignInNotice }
  ) => Effect.Effect<{ readonly revoked_families: ReadonlyArray<string> }, Unavailable>
  /**
   * Exchanges a refresh hash for a new row of its family, atomically. A token may be exchanged again until
   * a row it was exchanged for is used, and up to and including `grace_ms` after its first use (two
   * refreshes that crossed): who brings the same `next.refresh_hash` gets the row that is there, so that
   * one token has one successor. Later its family is revoked: `Reused` once, `Revoked` from then on. When a
   * successor ends at the latest is `successorEnd`.
   */
  readonly rotate: (options: {
    readonly refresh_hash: string
    readonly next: { readonly id: string; readonly refresh_hash: string; readonly expires_at: number }
    readonly now: number
    readonly grace_ms: number
  }) => Effect.Effect<Rotation, Unavailable>
  /**
   * False for an unknown family, and for one of anybody but `owner`, where that is asked. `shown`: the row
   * whose access token asks; from now on that row is used. One that a revocation ended is noted, too: it
   * changes nothing any more.
   */
  readonly isLive: (
    familyId: string,
    owner?: Pick<AuthSession, "user_type" | "user_id">,
    shown?: ShownRow
  ) => Effect.Effect<boolean, Unavailable>
  /** Of this person, those that could still be used at `now`; newest first, at most `signInsMax`. */
  readonly listOf: (
    owner: Pick<AuthSession, "user_type" | "user_id">,
    now: number
  ) => Effect.Effect<ReadonlyArray<OpenSignIn>, Unavailable>
  readonly revokeFamily: (familyId: string, reason: string, at: number) => Effect.Effect<void, Unavailable>
  /** Revokes every family of this person; returns how many could still have been used at `at`. */
  readonly revokeAllOf: (
    userType: UserType,
    userId: string,
    reason: string,
    at: number
  ) => Effect.Effect<number, Unavailable>
  /**
   * Stores a one-time code unless a limit says no: first the cooldown and the phone's hour as counted for
   * this address (whatever the user type), then the phone's hour in total, then the address's. Concurrent
   * calls for one phone or one address cannot both take the last place. The same id again is a repeat and is
   * `Issued`.
   */
  readonly issueCode: (code: OneTimeCode, limits: CodeLimits) => Effect.Effect<Issued, Unavailable>
  /**
   * Checks the newest code of this phone and user type that `asked_by` asked for: used, expired and
   * exhausted codes are told apart, in this order; otherwise the attempt is counted before it is compared,
   * and a match marks the code used. Of concurrent matches one is `matched`, the others `used`.
   */
  readonly checkCode: (options: {
    readonly phone: string
    readonly user_type: "customer" | "mitra"
    readonly asked_by: string
    /** One per key that may have been in use when it was sent; any of them matches. */
    readonly code_hashes: ReadonlyArray<string>
    readonly attempts_max: number
    readonly now: number
  }) => Effect.Effect<Checked, Unavailable>
  /** By phone. They count only while no provider sends codes. */
  readonly testNumbers: Effect.Effect<ReadonlyArray<TestNumber>, Unavailable>
  /** The code that staff have chosen for this phone. */
  readonly testCodeOf: (phone: string) => Effect.Effect<string | null, Unavailable>
  /** With its audit entry. False when there are `testNumbersMax` others already. */
  readonly putTestNumber: (number: TestNumber, entry: ChangeEntry) => Effect.Effect<boolean, Unavailable>
  /** False when it was not there: then there is no entry either. */
  readonly removeTestNumber: (phone: string, entry: ChangeEntry) => Effect.Effect<boolean, Unavailable>
}>()("halobestie/services/SignIns") {}
