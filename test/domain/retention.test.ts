// How long what is kept: each kind of record by its own time, accounts by theirs.
import { assert, it } from "@effect/vitest"
import { inactiveBefore, monthsAt, purgedBefore, unusedBefore } from "../../src/domain/retention.ts"
import { defaultSettings } from "../../src/domain/settings.ts"

const day = 86_400_000
const now = 1000 * day

it("Codes are kept a week, ended sign-ins a month, other records and accounts as staff set it", () => {
  const settings = { ...defaultSettings, retention_records_days: 20, retention_inactive_days: 40 }
  assert.strictEqual(purgedBefore("codes", settings, now), now - 7 * day)
  assert.strictEqual(purgedBefore("sign_ins", settings, now), now - 30 * day)
  assert.strictEqual(purgedBefore("commands", settings, now), now - 20 * day)
  assert.strictEqual(purgedBefore("webhooks", settings, now), now - 20 * day)
  assert.strictEqual(inactiveBefore(settings, now), now - 40 * day)
  assert.strictEqual(unusedBefore(now), now - 31 * day)
})

it("months are made ahead, kept as staff set it, and dropped a week after they were detached", () => {
  const months = monthsAt({ ...defaultSettings, retention_online_log_months: 10 }, now)
  assert.deepStrictEqual(months, {
    until: now + 62 * day,
    chats_before: null,
    online_logs_before: now - 310 * day,
    webhooks_before: now - 90 * day,
    dropped_before: now - 7 * day
  })
  assert.strictEqual(
    monthsAt({ ...defaultSettings, retention_chat_months: 2 }, now).chats_before,
    now - 62 * day
  )
})
