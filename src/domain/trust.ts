// Trust between strangers who chat: what may be reported, what staff make of it, and from when on reports
// pause somebody. A pause ends only by staff's hand.
import type { Settings } from "./settings.ts"
import type { Side } from "./session/state.ts"

export const reportReasons = [
  "harassment",
  "sexual",
  "threat",
  "self_harm",
  "scam",
  "contact_outside",
  "spam",
  "other"
] as const
export type ReportReason = (typeof reportReasons)[number]

export const resolutions = ["dismissed", "warned", "paused"] as const
export type Resolution = (typeof resolutions)[number]

export type PauseCause = "reports" | "staff"

/** Somebody of one side, for the other side. */
export interface Person {
  readonly user_type: Side
  readonly user_id: string
}

/** The two who met. */
export interface Pair {
  readonly customer_id: string
  readonly mitra_id: string
}

export const otherSide = (side: Side): Side => side === "customer" ? "mitra" : "customer"

/** Who of the pair is on this side. */
export const personOf = (pair: Pair, side: Side): Person => ({
  user_type: side,
  user_id: side === "customer" ? pair.customer_id : pair.mitra_id
})

export interface QuotedMessage {
  readonly seq: number
  readonly side: Side
  readonly body: string
  readonly sent_at: number
}

/** Of a transcript so much is kept with a case: the newest, as the one who reports could read it. */
export const evidenceMessagesMax = 200
export const evidenceCharactersMax = 200_000

/** The newest messages that fit, in their order. */
export const evidenceOf = (messages: ReadonlyArray<QuotedMessage>): ReadonlyArray<QuotedMessage> => {
  let left = evidenceCharactersMax
  const kept: Array<QuotedMessage> = []
  for (const message of messages.slice(-evidenceMessagesMax).toReversed()) {
    left -= message.body.length
    if (left < 0) break
    kept.push(message)
  }
  return kept.toReversed()
}

/** Since when reports count towards a pause. */
export const countedSince = (settings: Settings, now: number): number =>
  now - settings.reports_pause_days * 86_400_000
