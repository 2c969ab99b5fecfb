// Sign-in codes: when the next one may be sent, and what a code is still good for. Times are epoch
// milliseconds, lengths are milliseconds.

export interface IssueLimits {
  readonly now: number
  readonly cooldown_ms: number
  /** Of the asker's own network: a stranger elsewhere does not use up a person's codes. At least 1. */
  readonly per_phone_hourly: number
  /** Of all networks together: a phone is not to be flooded. */
  readonly per_phone_hourly_in_total: number
  readonly per_ip_hourly: number
}

/** When codes were sent before, newest first; never more than the limit are looked at. */
export interface SentBefore {
  /** Asked for from the same network. */
  readonly to_phone: ReadonlyArray<number>
  readonly to_phone_in_total: ReadonlyArray<number>
  readonly to_ip: ReadonlyArray<number>
}

export interface TooSoon {
  readonly _tag: "Cooldown" | "PhoneLimit" | "IpLimit"
  readonly retry_after_ms: number
}

const hourMs = 3_600_000

/** With `limit` codes inside the last hour, the oldest of them must leave it first. */
const hourlyWait = (sent: ReadonlyArray<number>, limit: number, now: number): number =>
  (sent[limit - 1] ?? Number.NEGATIVE_INFINITY) + hourMs - now

/** Why a code may not be sent now, or null when it may. */
export const tooSoon = (limits: IssueLimits, sent: SentBefore): TooSoon | null => {
  const { now } = limits
  const cooling = (sent.to_phone[0] ?? Number.NEGATIVE_INFINITY) + limits.cooldown_ms - now
  if (cooling > 0) return { _tag: "Cooldown", retry_after_ms: cooling }
  const byPhone = Math.max(
    hourlyWait(sent.to_phone, limits.per_phone_hourly, now),
    hourlyWait(sent.to_phone_in_total, limits.per_phone_hourly_in_total, now)
  )
  if (byPhone > 0) return { _tag: "PhoneLimit", retry_after_ms: byPhone }
  const byIp = hourlyWait(sent.to_ip, limits.per_ip_hourly, now)
  if (byIp > 0) return { _tag: "IpLimit", retry_after_ms: byIp }
  return null
}

export interface SentCode {
  readonly attempts: number
  readonly expires_at: number
  readonly used_at: number | null
}

/** "open": one more attempt may be compared. A code is dead at the very instant it expires. */
export const standingOf = (
  code: SentCode,
  attemptsMax: number,
  now: number
): "open" | "used" | "expired" | "attempts_exceeded" => {
  if (code.used_at !== null) return "used"
  if (now >= code.expires_at) return "expired"
  return code.attempts >= attemptsMax ? "attempts_exceeded" : "open"
}
