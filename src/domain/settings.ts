// Product settings that staff may change while the server runs: names, the product's defaults, and
// the limits a value must respect. Deploy-fixed values live in the environment instead.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { refuse, type Refusal } from "./refusal.ts"

const wholeLimits = new Map<unknown, { readonly minimum: number; readonly maximum: number }>()

const whole = (minimum: number, maximum: number) => {
  const field = Schema.Int.check(Schema.isBetween({ minimum, maximum }))
  wholeLimits.set(field, { minimum, maximum })
  return field
}

const fields = {
  max_customers_per_mitra: whole(1, 32),
  mitra_stale_after_seconds: whole(5, 3600),
  mitra_background_grace_seconds: whole(0, 86_400),
  mitra_hold_seconds: whole(0, 604_800),
  mitra_ping_required: Schema.Boolean,
  mitra_decline_cooldown_seconds: whole(0, 3600),
  mitra_parallel_offers_max: whole(1, 200),
  mitra_missed_offers_pause: whole(0, 100),
  pairing_wave_size: whole(0, 200),
  pairing_wave_seconds: whole(1, 300),
  pairing_wave_growth: whole(1, 10),
  pairing_acceptance_seconds: whole(0, 3600),
  pairing_offers_max: whole(1, 200),
  pairing_blast_timeout_seconds: whole(1, 3600),
  pairing_search_again_seconds: whole(1, 60),
  pairing_queue_enabled: Schema.Boolean,
  returning_chat_confirmation_timeout_seconds: whole(1, 600),
  extension_timeout_seconds: whole(1, 600),
  extension_default_action_on_timeout: Schema.Literals(["auto_approve", "auto_reject"]),
  closing_grace_seconds: whole(1, 86_400),
  payment_session_timeout_minutes: whole(1, 1440),
  first_session_discount_needs_phone: Schema.Boolean,
  mitra_may_end_session: Schema.Boolean,
  topic_sensitive_is_final: Schema.Boolean,
  reroute_propose_after_seconds: whole(10, 3600),
  mitra_gone_pause_seconds: whole(0, 86_400),
  reports_pause_people: whole(0, 100),
  reports_pause_days: whole(1, 365),
  retention_inactive_days: whole(31, 3650),
  retention_records_days: whole(7, 3650),
  push_paused: Schema.Boolean
} as const

export const SettingsSchema = Schema.Struct(fields)
export type Settings = typeof SettingsSchema.Type
export type SettingKey = keyof Settings

export const defaultSettings: Settings = {
  max_customers_per_mitra: 3,
  mitra_stale_after_seconds: 45,
  /** A mitra whom a push can reach stays online for so long after her pings are stale. */
  mitra_background_grace_seconds: 300,
  /** So long staff's word keeps a mitra offline; 0: she may return at once. */
  mitra_hold_seconds: 900,
  mitra_ping_required: true,
  mitra_decline_cooldown_seconds: 0,
  mitra_parallel_offers_max: 5,
  /** 0: no mitra is paused. */
  mitra_missed_offers_pause: 0,
  pairing_wave_size: 0,
  pairing_wave_seconds: 15,
  /** Each further wave is so many times as wide as the one before; 1: all are alike. */
  pairing_wave_growth: 1,
  /** So long each mitra has to answer an offer of a blast; 0: as long as the request looks. */
  pairing_acceptance_seconds: 0,
  pairing_offers_max: 200,
  pairing_blast_timeout_seconds: 60,
  pairing_search_again_seconds: 3,
  pairing_queue_enabled: true,
  returning_chat_confirmation_timeout_seconds: 20,
  extension_timeout_seconds: 10,
  extension_default_action_on_timeout: "auto_approve",
  closing_grace_seconds: 300,
  payment_session_timeout_minutes: 20,
  first_session_discount_needs_phone: true,
  mitra_may_end_session: false,
  topic_sensitive_is_final: false,
  reroute_propose_after_seconds: 120,
  /** So long the paid clock of a deactivated mitra's chat waits for another one; 0: it runs on. */
  mitra_gone_pause_seconds: 600,
  /** So many different people's reports pause who they are about; 0: none do. */
  reports_pause_people: 3,
  reports_pause_days: 30,
  retention_inactive_days: 90,
  retention_records_days: 90,
  push_paused: false
}

export const settingKeys = Object.keys(fields) as ReadonlyArray<SettingKey>

/**
 * Checks one change. `heartbeatCadenceSeconds` comes from the environment: a heartbeat may never be
 * called stale before the next one is due.
 */
export const checkSetting = (
  key: string,
  value: unknown,
  heartbeatCadenceSeconds: number
): Result.Result<readonly [SettingKey, Settings[SettingKey]], Refusal> => {
  const known = settingKeys.find((name) => name === key)
  if (known === undefined) {
    return Result.fail(refuse("SETTING_UNKNOWN", `There is no setting "${key}".`, {
      given: key,
      expected: [...settingKeys]
    }))
  }
  const decoded = Schema.decodeUnknownResult(fields[known] as Schema.Codec<Settings[SettingKey]>)(value)
  if (Result.isFailure(decoded)) {
    return Result.fail(
      refuse("SETTING_INVALID", `"${key}" does not accept this value: ${decoded.failure.message}`, {
        key
      })
    )
  }
  if (known === "mitra_stale_after_seconds" && Number(value) < heartbeatCadenceSeconds) {
    return Result.fail(refuse(
      "SETTING_INVALID",
      `mitra_stale_after_seconds must be at least the heartbeat cadence, ${heartbeatCadenceSeconds}.`,
      { key, given: Number(value), minimum: heartbeatCadenceSeconds }
    ))
  }
  return Result.succeed([known, decoded.success] as const)
}

/** The stored value where it is usable; else the default. */
const inForce = (key: SettingKey, stored: unknown): Settings[SettingKey] => {
  const checked = checkSetting(key, stored, 0)
  return Result.isSuccess(checked) ? checked.success[1] : defaultSettings[key]
}

/** Whether somebody who saw `seen` may still be thinking of what is stored; without `seen` nobody asks. */
export const isStillSeen = (key: SettingKey, stored: unknown, seen: unknown): boolean =>
  seen === undefined || inForce(key, stored) === seen

export interface SettingLimits {
  readonly minimum: number
  readonly maximum: number
}

/** Of a number, the least and the most it may be; null for everything else. */
export const limitsOf = (key: SettingKey): SettingLimits | null => wholeLimits.get(fields[key]) ?? null
