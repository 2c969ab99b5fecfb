// AuthSessions: one row per refresh token family member. Only hashes are stored. A rotated token
// that comes back after the grace is theft: its whole family is revoked. A family is live as long as
// none of its rows is revoked; expiry is each token's own business.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
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
  /** A token already used, after the grace: the family is now revoked. */
  | {
    readonly _tag: "Reused"
    readonly user_type: UserType
    readonly user_id: string
    readonly family_id: string
  }

export class AuthSessions extends Context.Service<AuthSessions, {
  /**
   * Stores the first session of a family; the same id again changes nothing. `only_one`: all other
   * families of this person are revoked in the same transaction (one live device), and those that
   * could still have been used are named, so that their sockets can be closed. A mitra who was
   * deactivated meanwhile gets a family that is revoked from the start.
   */
  readonly open: (
    session: AuthSession,
    options: { readonly only_one: boolean }
  ) => Effect.Effect<{ readonly revoked_families: ReadonlyArray<string> }, Unavailable>
  /**
   * Exchanges a refresh hash for a new row of its family, atomically. Up to and including `grace_ms`
   * after its first use a token may be exchanged again (two refreshes that crossed): both callers get
   * a session. Later its family is revoked: `Reused` once, `Revoked` from then on.
   */
  readonly rotate: (options: {
    readonly refresh_hash: string
    readonly next: { readonly id: string; readonly refresh_hash: string; readonly expires_at: number }
    readonly now: number
    readonly grace_ms: number
  }) => Effect.Effect<Rotation, Unavailable>
  /** False for an unknown family. */
  readonly isLive: (familyId: string) => Effect.Effect<boolean, Unavailable>
  readonly revokeFamily: (familyId: string, reason: string, at: number) => Effect.Effect<void, Unavailable>
  /** Revokes every family of this person; returns how many could still have been used at `at`. */
  readonly revokeAllOf: (
    userType: UserType,
    userId: string,
    reason: string,
    at: number
  ) => Effect.Effect<number, Unavailable>
}>()("halobestie/services/AuthSessions") {}
