// Settings as staff change them: known names only, values inside their limits, and a heartbeat that
// is never called stale before the next one is due.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import {
  checkSetting,
  defaultSettings,
  type SettingKey,
  settingKeys,
  SettingsSchema
} from "../../src/domain/settings.ts"

const CADENCE = 30
const check = (key: string, value: unknown) => checkSetting(key, value, CADENCE)
const codeOf = (key: string, value: unknown): string | null => {
  const checked = check(key, value)
  return Result.isFailure(checked) ? checked.failure.code : null
}

it("The defaults are the product's, and are themselves valid", () => {
  assert.deepStrictEqual(Schema.decodeUnknownSync(SettingsSchema)(defaultSettings), defaultSettings)
  assert.deepInclude(defaultSettings, {
    max_customers_per_mitra: 3,
    mitra_stale_after_seconds: 45,
    pairing_wave_size: 0,
    pairing_blast_timeout_seconds: 60,
    returning_chat_confirmation_timeout_seconds: 20,
    extension_timeout_seconds: 10,
    closing_grace_seconds: 300,
    payment_session_timeout_minutes: 20
  })
})

it.each(settingKeys)("%s accepts its default", (key) => {
  assert.deepStrictEqual(Result.getOrThrow(check(key, defaultSettings[key])), [key, defaultSettings[key]])
})

const limits: ReadonlyArray<readonly [SettingKey, number, number]> = [
  ["max_customers_per_mitra", 1, 32],
  ["mitra_stale_after_seconds", CADENCE, 3600],
  ["mitra_missed_offers_pause", 0, 100],
  ["mitra_background_grace_seconds", 0, 86_400],
  ["mitra_hold_seconds", 0, 604_800],
  ["mitra_decline_cooldown_seconds", 0, 3600],
  ["mitra_parallel_offers_max", 1, 200],
  ["pairing_wave_size", 0, 200],
  ["pairing_wave_seconds", 1, 300],
  ["pairing_wave_growth", 1, 10],
  ["pairing_acceptance_seconds", 0, 3600],
  ["mitra_gone_pause_seconds", 0, 86_400],
  ["pairing_offers_max", 1, 200],
  ["pairing_blast_timeout_seconds", 1, 3600],
  ["pairing_search_again_seconds", 1, 60],
  ["returning_chat_confirmation_timeout_seconds", 1, 600],
  ["extension_timeout_seconds", 1, 600],
  ["closing_grace_seconds", 1, 86_400],
  ["payment_session_timeout_minutes", 1, 1440],
  ["reroute_propose_after_seconds", 10, 3600],
  ["reports_pause_people", 0, 100],
  ["reports_pause_days", 1, 365],
  ["retention_inactive_days", 31, 3650],
  ["retention_records_days", 7, 3650]
]

it.each(limits)("%s accepts whole numbers from %i to %i and nothing else", (key, minimum, maximum) => {
  assert.deepStrictEqual(Result.getOrThrow(check(key, minimum)), [key, minimum])
  assert.deepStrictEqual(Result.getOrThrow(check(key, maximum)), [key, maximum])
  const wrong = [
    minimum - 1,
    maximum + 1,
    minimum + 0.5,
    Number.NaN,
    Infinity,
    -1,
    String(minimum),
    true,
    null,
    [],
    {}
  ]
  for (const value of [...wrong, undefined]) assert.strictEqual(codeOf(key, value), "SETTING_INVALID")
})

it("Every setting is either limited above, a switch, or a choice", () => {
  const others = settingKeys.filter((key) => !limits.some(([name]) => name === key))
  assert.sameMembers(others, [
    "mitra_ping_required",
    "pairing_queue_enabled",
    "mitra_may_end_session",
    "first_session_discount_needs_phone",
    "topic_sensitive_is_final",
    "push_paused",
    "extension_default_action_on_timeout"
  ])
})

it.each<SettingKey>([
  "mitra_ping_required",
  "pairing_queue_enabled",
  "mitra_may_end_session",
  "first_session_discount_needs_phone",
  "topic_sensitive_is_final",
  "push_paused"
])(
  "%s is a switch: true or false, nothing that merely looks like it",
  (key) => {
    assert.isNull(codeOf(key, true))
    assert.isNull(codeOf(key, false))
    for (const value of [1, 0, "true", null]) assert.strictEqual(codeOf(key, value), "SETTING_INVALID")
  }
)

it("What a missed extension answer means is one of two words", () => {
  assert.isNull(codeOf("extension_default_action_on_timeout", "auto_approve"))
  assert.isNull(codeOf("extension_default_action_on_timeout", "auto_reject"))
  assert.strictEqual(codeOf("extension_default_action_on_timeout", "maybe"), "SETTING_INVALID")
})

it("A heartbeat may not be called stale before the next one is due", () => {
  assert.isNull(codeOf("mitra_stale_after_seconds", CADENCE))
  const checked = check("mitra_stale_after_seconds", CADENCE - 1)
  assert.deepStrictEqual(Result.isFailure(checked) ? checked.failure.details : null, {
    key: "mitra_stale_after_seconds",
    given: CADENCE - 1,
    minimum: CADENCE
  })
})

it("An unknown setting is refused with the names that exist", () => {
  const checked = check("pairing_wavesize", 3)
  assert.isTrue(Result.isFailure(checked))
  if (Result.isFailure(checked)) {
    assert.strictEqual(checked.failure.code, "SETTING_UNKNOWN")
    assert.deepStrictEqual(checked.failure.details.expected, [...settingKeys])
  }
})

it.each(["__proto__", "constructor", "toString", "hasOwnProperty", ""])("%j is no setting", (key) => {
  assert.strictEqual(codeOf(key, 1), "SETTING_UNKNOWN")
})

it("A refused value is explained in words a person can act on", () => {
  const checked = check("pairing_wave_size", 201)
  assert.isTrue(Result.isFailure(checked))
  if (Result.isFailure(checked)) {
    assert.match(checked.failure.message, /^"pairing_wave_size" does not accept this value: Expected .*200/)
    assert.deepStrictEqual(checked.failure.details, { key: "pairing_wave_size" })
  }
})

it("Whatever is sent, the answer is a refusal or a value the settings can hold", () => {
  const key = fc.oneof(fc.constantFrom<string>(...settingKeys), fc.string())
  const value = fc.oneof(fc.anything(), fc.integer({ min: -10, max: 4000 }), fc.boolean())
  fc.assert(
    fc.property(key, value, (name, given) => {
      const checked = check(name, given)
      if (Result.isFailure(checked)) {
        assert.include(["SETTING_UNKNOWN", "SETTING_INVALID"], checked.failure.code)
        return
      }
      const changed = { ...defaultSettings, [checked.success[0]]: checked.success[1] }
      assert.deepStrictEqual(Schema.decodeUnknownSync(SettingsSchema)(changed), changed)
      assert.isAtLeast(changed.mitra_stale_after_seconds, CADENCE)
    }),
    { numRuns: 1000 }
  )
})
