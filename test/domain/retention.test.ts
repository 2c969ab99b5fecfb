// How long what is kept: each kind of record by its own time, accounts by theirs.
import { assert, it } from "@effect/vitest"
import { inactiveBefore, purgedBefore, unusedBefore } from "../../src/domain/retention.ts"
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
