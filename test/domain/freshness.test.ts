// Which mitras a search asks, as the settings say it: how old a ping may be, how many customers she may have,
// and whom it is fair to leave alone.
import { assert, it } from "@effect/vitest"
import { fairness, freshness } from "../../src/domain/freshness.ts"
import { defaultSettings } from "../../src/domain/settings.ts"

const now = 1_000_000

it("A ping is stale after 45 seconds, and never while pings are not required", () => {
  assert.deepStrictEqual(freshness(defaultSettings, now), {
    now,
    stale_before: now - 45_000,
    background_before: now - 345_000,
    max_customers: 3
  })
  assert.isNull(freshness({ ...defaultSettings, mitra_ping_required: false }, now).stale_before)
})

it("A push gives a phone in the background no more time while pushes are paused", () => {
  const { background_before, stale_before } = freshness({ ...defaultSettings, push_paused: true }, now)
  assert.strictEqual(background_before, stale_before)
})

it("Who declined is left alone for the cooldown, but not by a customer who asks for her", () => {
  const settings = { ...defaultSettings, mitra_decline_cooldown_seconds: 120 }
  assert.strictEqual(fairness(settings, now, "blast").declined_since, now - 120_000)
  assert.isNull(fairness(settings, now, "targeted").declined_since)
  assert.isNull(fairness(defaultSettings, now, "blast").declined_since)
})

it("A mitra with as many open offers as she may have is left out of every search", () => {
  const settings = { ...defaultSettings, mitra_parallel_offers_max: 2 }
  for (const kind of ["blast", "targeted"] as const) {
    assert.strictEqual(fairness(settings, now, kind).open_offers_max, 2)
  }
})
