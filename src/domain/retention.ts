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

/** Tables that grow are kept in parts by month (decision 36). Epoch milliseconds; null: for ever. */
export interface Months {
  /** Months up to this moment are made ahead of time. */
  readonly until: number
  /** Parts that end before are detached. */
  readonly chats_before: number | null
  readonly online_logs_before: number
  readonly webhooks_before: number
  /** Parts that were detached before are dropped. */
  readonly dropped_before: number
}

const longestMonthMs = 31 * dayMs
const monthsAhead = 2
/** Between the two somebody may find that a part was needed. */
const detachedDays = 7

export const monthsAt = (settings: Settings, now: number): Months => ({
  until: now + monthsAhead * longestMonthMs,
  chats_before: settings.retention_chat_months === 0
    ? null
    : now - settings.retention_chat_months * longestMonthMs,
  online_logs_before: now - settings.retention_online_log_months * longestMonthMs,
  // Row by row they are gone by then.
  webhooks_before: purgedBefore("webhooks", settings, now),
  dropped_before: now - detachedDays * dayMs
})
