// Retention: what of a person stays when they are gone, and how long records are kept that nobody needs for
// long. Payments and the ledger stay.
import type { Settings } from "./settings.ts"

/** In place of a name or of a text that was erased. */
export const erased = "-"

const dayMs = 86_400_000

export const recordKinds = ["codes", "sign_ins", "commands", "webhooks"] as const
/** Records that are purged by their age alone. */
export type RecordKind = (typeof recordKinds)[number]

/** Codes count for an hour, and are looked into for a few days when somebody complains. */
const codesDays = 7
/** After it ended: until then a stolen token that is shown again is recognised. */
const signInsDays = 30
/** An account that was never used is gone when its sign-in has ended anyway. */
const unusedDays = 31

/** Records of before are purged; of a sign-in it is the end that counts. */
export const purgedBefore = (kind: RecordKind, settings: Settings, now: number): number => {
  const days = { codes: codesDays, sign_ins: signInsDays }
  const kept = kind === "codes" || kind === "sign_ins" ? days[kind] : settings.retention_records_days
  return now - kept * dayMs
}

/** An anonymous customer who has not been here since loses the account: nobody can come back to it. */
export const inactiveBefore = (settings: Settings, now: number): number =>
  now - settings.retention_inactive_days * dayMs

export const unusedBefore = (now: number): number => now - unusedDays * dayMs
