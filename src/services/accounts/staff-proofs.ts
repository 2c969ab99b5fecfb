// StaffProofs: what staff prove beside their name. Wrong attempts per account and address, a second factor
// with its recovery codes, the password, and when a sign-in last proved who is there. Times are epoch ms.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface Attempt {
  /** A hash of what was given as the email: unknown ones are counted as known ones are. */
  readonly who: string
  /** An address, or the network it counts as. */
  readonly network: string
  readonly at: number
  /** Counting begins anew after this long. */
  readonly window_ms: number
}

export interface Counted {
  readonly attempts: number
  /** When counting begins anew. */
  readonly until: number
}

export interface SecondFactor {
  /** As the authenticator app has it, in base 32. */
  readonly secret: string
  /** Null while it was only begun: then nobody is asked for it. */
  readonly confirmed_at: number | null
  /** The time step of the last code that was taken; no code of it or of one before is taken again. */
  readonly last_step: number
  readonly recovery_codes_left: number
}

export class StaffProofs extends Context.Service<StaffProofs, {
  /** Counts before anything is compared, and says how many there are now. */
  readonly countAttempt: (attempt: Attempt) => Effect.Effect<Counted, Unavailable>
  /** After the right password: forgets what `who` did wrong from there. */
  readonly forgetAttempts: (who: string, network: string) => Effect.Effect<void, Unavailable>
  readonly changePassword: (
    staffId: string,
    passwordHash: string,
    entry: ChangeEntry
  ) => Effect.Effect<void, Unavailable>
  readonly secondFactor: (staffId: string) => Effect.Effect<SecondFactor | null, Unavailable>
  /** Takes the place of one that was only begun. False when one is confirmed already. */
  readonly beginSecondFactor: (
    staffId: string,
    secret: string,
    at: number
  ) => Effect.Effect<boolean, Unavailable>
  /** False when there is none to confirm, or its code was taken meanwhile. */
  readonly confirmSecondFactor: (
    staffId: string,
    step: number,
    recoveryHashes: ReadonlyArray<string>,
    entry: ChangeEntry
  ) => Effect.Effect<boolean, Unavailable>
  /** Of the same code at the same time one is taken: false for the others. */
  readonly takeStep: (staffId: string, step: number) => Effect.Effect<boolean, Unavailable>
  /** Each counts once. */
  readonly takeRecoveryCode: (staffId: string, hash: string) => Effect.Effect<boolean, Unavailable>
  /** False when there was none: then there is no entry either. */
  readonly removeSecondFactor: (staffId: string, entry: ChangeEntry) => Effect.Effect<boolean, Unavailable>
  readonly prove: (authSessionId: string, at: number) => Effect.Effect<void, Unavailable>
  /** Null: never, or too long ago to matter. */
  readonly provedAt: (authSessionId: string) => Effect.Effect<number | null, Unavailable>
}>()("halobestie/services/StaffProofs") {}

/** Older proofs and attempts are forgotten: nothing asks for them. */
export const forgottenAfterMs = 24 * 60 * 60 * 1000
