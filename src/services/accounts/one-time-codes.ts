// OneTimeCodes: sign-in codes by phone. Only hashes are stored; limits are counted from rows, so
// they hold across runners and restarts.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Unavailable } from "../platform/unavailable.ts"

export interface OneTimeCode {
  readonly id: string
  readonly phone: string
  readonly user_type: "customer" | "mitra"
  readonly code_hash: string
  readonly ip: string
  readonly created_at: number
  readonly expires_at: number
}

export interface CodeLimits {
  readonly now: number
  readonly cooldown_ms: number
  readonly per_phone_hourly: number
  readonly per_ip_hourly: number
}

export type Issued =
  | { readonly _tag: "Issued" }
  | { readonly _tag: "Cooldown"; readonly retry_after_ms: number }
  | { readonly _tag: "PhoneLimit"; readonly retry_after_ms: number }
  | { readonly _tag: "IpLimit"; readonly retry_after_ms: number }

export type Checked = "matched" | "mismatch" | "attempts_exceeded" | "expired" | "used" | "unknown"

export class OneTimeCodes extends Context.Service<OneTimeCodes, {
  /**
   * Stores the code unless a limit says no: first the cooldown, then the phone's hour (whatever the
   * user type), then the address's. Concurrent calls for one phone or one address cannot both take
   * the last place. The same id again is a repeat and is `Issued`.
   */
  readonly issue: (code: OneTimeCode, limits: CodeLimits) => Effect.Effect<Issued, Unavailable>
  /**
   * Checks the newest code of this phone and user type: used, expired and exhausted codes are told
   * apart, in this order; otherwise the attempt is counted before it is compared, and a match marks
   * the code used. Of concurrent matches one is `matched`, the others `used`.
   */
  readonly check: (options: {
    readonly phone: string
    readonly user_type: "customer" | "mitra"
    /** One per key that may have been in use when it was sent; any of them matches. */
    readonly code_hashes: ReadonlyArray<string>
    readonly attempts_max: number
    readonly now: number
  }) => Effect.Effect<Checked, Unavailable>
}>()("halobestie/services/OneTimeCodes") {}
