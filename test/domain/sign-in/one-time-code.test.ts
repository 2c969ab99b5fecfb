// Sign-in code rules: how long a wait is, and which reason is given first.
import { assert, describe, it } from "@effect/vitest"
import { standingOf, tooSoon } from "../../../src/domain/sign-in/one-time-code.ts"

const minute = 60_000
const hour = 60 * minute
const limits = {
  now: hour,
  cooldown_ms: minute,
  per_phone_hourly: 2,
  per_phone_hourly_in_total: 3,
  per_ip_hourly: 3
}
const sent = (to_phone: ReadonlyArray<number>, to_ip: ReadonlyArray<number>) => ({
  to_phone,
  to_phone_in_total: to_phone,
  to_ip
})

describe("asking for a code", () => {
  it("is allowed when nothing was sent, or long enough ago", () => {
    assert.isNull(tooSoon(limits, sent([], [])))
    assert.isNull(tooSoon(limits, sent([hour - minute, 0], [hour - 1, hour - 2, 0])))
  })

  it("names the cooldown first, then the phone's hour, then the address's", () => {
    const full = [hour - 2, hour - 3, hour - 4]
    const wait = (to_phone: ReadonlyArray<number>) => tooSoon(limits, sent(to_phone, full))
    assert.deepStrictEqual(wait(full), { _tag: "Cooldown", retry_after_ms: minute - 2 })
    assert.deepStrictEqual(wait([hour - minute, minute]), { _tag: "PhoneLimit", retry_after_ms: minute })
    assert.deepStrictEqual(wait([hour - minute]), { _tag: "IpLimit", retry_after_ms: hour - 4 })
  })

  it("waits for its own network's codes, and for everybody's only when there are very many", () => {
    const elsewhere = [hour - 1, hour - 2]
    const others = { to_phone: [], to_phone_in_total: elsewhere, to_ip: [] }
    assert.isNull(tooSoon(limits, others))
    const many = tooSoon(limits, { ...others, to_phone_in_total: [...elsewhere, hour - 10] })
    assert.deepStrictEqual(many, { _tag: "PhoneLimit", retry_after_ms: hour - 10 })
  })

  it("may be tried again exactly when it was told", () => {
    for (const to_phone of [[hour - 10], [hour - 2 * minute, 7]]) {
      const refused = tooSoon(limits, sent(to_phone, []))
      const now = hour + (refused?.retry_after_ms ?? Number.NaN)
      assert.isNotNull(tooSoon({ ...limits, now: now - 1 }, sent(to_phone, [])))
      assert.isNull(tooSoon({ ...limits, now }, sent(to_phone, [])))
    }
  })
})

describe("a code that was sent", () => {
  const code = { attempts: 0, expires_at: 100, used_at: null }

  it("is open until it expires, is used, or has been guessed at too often", () => {
    assert.strictEqual(standingOf(code, 3, 99), "open")
    assert.strictEqual(standingOf(code, 3, 100), "expired")
    assert.strictEqual(standingOf({ ...code, attempts: 2 }, 3, 99), "open")
    assert.strictEqual(standingOf({ ...code, attempts: 3 }, 3, 99), "attempts_exceeded")
    assert.strictEqual(standingOf({ ...code, attempts: 3, used_at: 5 }, 3, 200), "used")
    assert.strictEqual(standingOf({ ...code, attempts: 3 }, 3, 200), "expired")
  })
})
