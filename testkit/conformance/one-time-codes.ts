// What every SignIns adapter must do: the limits on sending, and what an attempt is told.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import { type OneTimeCode, SignIns } from "../../src/services/accounts/sign-ins.ts"
import { atOnce, hour, idOf, minute, t0, times } from "./given.ts"

type Test = (title: string, body: Effect.Effect<void, unknown, SignIns>) => void

const phone = "+628110000001"
const rules = { cooldown_ms: minute, per_phone_hourly: 3, per_phone_hourly_in_total: 5, per_ip_hourly: 4 }

const code = (n: number, at: number, more: Partial<OneTimeCode> = {}): OneTimeCode => ({
  id: idOf(n),
  phone,
  user_type: "mitra",
  code_hash: `hash-${n}`,
  ip: "10.0.0.1",
  asked_by: "device:hers",
  created_at: at,
  expires_at: at + 5 * minute,
  ...more
})

const issue = (n: number, at: number, more: Partial<OneTimeCode> = {}, limits: Partial<typeof rules> = {}) =>
  Effect.flatMap(SignIns, (port) => port.issueCode(code(n, at, more), { ...rules, ...limits, now: at }))

const check = (
  code_hash: string,
  now: number,
  more: {
    readonly user_type?: "customer"
    readonly phone?: string
    readonly asked_by?: string
    readonly code_hashes?: ReadonlyArray<string>
  } = {}
) =>
  Effect.flatMap(SignIns, (port) =>
    port.checkCode({
      phone,
      user_type: "mitra",
      asked_by: "device:hers",
      code_hashes: [code_hash],
      attempts_max: 3,
      now,
      ...more
    }))

const issued = { _tag: "Issued" } as const

export const oneTimeCodes = (name: string, layer: Layer.Layer<SignIns>) =>
  describe(`SignIns, one-time codes (${name})`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))
    limits(test)
    crowds(test)
    checks(test)
  })

const limits = (test: Test) => {
  test(
    "a phone waits out the cooldown, whatever the user type, and is told how long",
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* issue(1, t0), issued)
      const soon = yield* issue(2, t0 + 20_000, { user_type: "customer" })
      assert.deepStrictEqual(soon, { _tag: "Cooldown", retry_after_ms: 40_000 })
      assert.strictEqual((yield* issue(3, t0 + minute - 1))._tag, "Cooldown")
      assert.deepStrictEqual(yield* issue(4, t0 + minute), issued)
    })
  )

  test(
    "a phone gets so many codes an hour, counted from each one's own time",
    Effect.gen(function*() {
      for (const n of times(3)) assert.deepStrictEqual(yield* issue(n + 1, t0 + n * 10 * minute), issued)
      const full = yield* issue(4, t0 + 30 * minute)
      assert.deepStrictEqual(full, { _tag: "PhoneLimit", retry_after_ms: 30 * minute })
      assert.strictEqual((yield* issue(5, t0 + hour - 1))._tag, "PhoneLimit")
      assert.deepStrictEqual(yield* issue(6, t0 + hour), issued)
      assert.strictEqual((yield* issue(7, t0 + hour + minute))._tag, "PhoneLimit")
    })
  )

  test(
    "a phone's cooldown and hour are counted by network, so that a stranger elsewhere uses up neither",
    Effect.gen(function*() {
      const stranger = { ip: "10.0.0.9", asked_by: "device:theirs" }
      for (const n of times(3)) assert.deepStrictEqual(yield* issue(n + 1, t0 + n * minute, stranger), issued)
      assert.strictEqual((yield* issue(4, t0 + 3 * minute, stranger))._tag, "PhoneLimit")
      assert.deepStrictEqual(yield* issue(5, t0 + 2 * minute), issued)
      assert.deepStrictEqual(yield* issue(6, t0 + 3 * minute), issued)
      const flooded = yield* issue(7, t0 + 4 * minute, { ip: "10.0.0.8" })
      assert.deepStrictEqual(flooded, { _tag: "PhoneLimit", retry_after_ms: 56 * minute }, "five in total")
    })
  )

  test(
    "an address gets so many codes an hour over all phones",
    Effect.gen(function*() {
      for (const n of times(4)) {
        assert.deepStrictEqual(yield* issue(n + 1, t0 + n, { phone: `+62811000001${n}` }), issued)
      }
      const full = yield* issue(9, t0 + minute)
      assert.deepStrictEqual(full, { _tag: "IpLimit", retry_after_ms: 59 * minute })
      assert.deepStrictEqual(yield* issue(10, t0 + minute, { ip: "10.0.0.2" }), issued)
    })
  )

  test(
    "a refused code is not stored, and an issue repeated with the same id is issued",
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* issue(1, t0), issued)
      yield* issue(2, t0 + 1)
      assert.strictEqual(yield* check("hash-2", t0 + 2), "mismatch")
      assert.deepStrictEqual(yield* issue(1, t0 + 3), issued)
      const badPhone = yield* Effect.exit(issue(3, t0, { phone: "0811", ip: "10.0.0.2" }))
      assert.isTrue(Exit.hasDies(badPhone))
    })
  )
}

const crowds = (test: Test) => {
  // Several rounds: in the first one the connections are still being opened.
  test(
    "of many requests for one phone at once, exactly one code is issued",
    Effect.gen(function*() {
      for (const round of times(4)) {
        const answers = yield* atOnce(
          times(8).map((n) =>
            issue(100 * round + n, t0, { phone: `+6281100000${10 + round}`, ip: `10.0.${round}.1` })
          )
        )
        assert.lengthOf(answers.filter((answer) => answer._tag === "Issued"), 1)
        assert.lengthOf(answers.filter((answer) => answer._tag === "Cooldown"), 7)
      }
    })
  )

  test(
    "of many requests from one address at once, no more than its limit are issued",
    Effect.gen(function*() {
      for (const round of times(4)) {
        const answers = yield* atOnce(
          times(8).map((n) =>
            issue(
              100 * round + n,
              t0,
              { phone: `+628110000${100 * round + n + 100}`, ip: `10.0.0.${round}` },
              {
                per_ip_hourly: 2
              }
            )
          )
        )
        assert.lengthOf(answers.filter((answer) => answer._tag === "Issued"), 2)
        assert.lengthOf(answers.filter((answer) => answer._tag === "IpLimit"), 6)
      }
    })
  )

  test(
    "requests that cross on phones and addresses neither deadlock nor pass a limit",
    Effect.gen(function*() {
      const answers = yield* atOnce(
        times(24).map((n) => issue(n + 1, t0, { phone: `+6281100000${10 + (n % 6)}`, ip: `10.0.0.${n % 4}` }))
      )
      const pairs = new Set(times(24).map((n) => `${n % 6}/${n % 4}`))
      assert.lengthOf(answers.filter((answer) => answer._tag === "Issued"), pairs.size)
    })
  )
}

const checks = (test: Test) => {
  test(
    "the right code matches once, and is used from then on",
    Effect.gen(function*() {
      assert.strictEqual(yield* check("hash-1", t0), "unknown")
      yield* issue(1, t0)
      assert.strictEqual(yield* check("hash-1", t0 + 1, { user_type: "customer" }), "unknown")
      assert.strictEqual(yield* check("hash-1", t0 + 1, { phone: "+628110000002" }), "unknown")
      assert.strictEqual(yield* check("hash-1", t0 + 1), "matched")
      assert.strictEqual(yield* check("hash-1", t0 + 2), "used")
      assert.strictEqual(yield* check("hash-1", t0 + hour), "used")
    })
  )

  test(
    "only the newest code of a phone counts",
    Effect.gen(function*() {
      yield* issue(1, t0)
      yield* issue(2, t0 + minute)
      assert.strictEqual(yield* check("hash-1", t0 + minute + 1), "mismatch")
      assert.strictEqual(yield* check("hash-2", t0 + minute + 2), "matched")
    })
  )

  test(
    "only who asked for a code can answer it, replace it or use up its attempts",
    Effect.gen(function*() {
      yield* issue(1, t0)
      yield* issue(2, t0 + minute, { asked_by: "device:theirs" })
      for (const n of times(4)) yield* check(`guess-${n}`, t0 + minute, { asked_by: "device:theirs" })
      const stolen = { asked_by: "device:theirs" }
      assert.strictEqual(yield* check("hash-1", t0 + minute, stolen), "attempts_exceeded")
      assert.strictEqual(yield* check("hash-1", t0 + minute, { asked_by: "device:else" }), "unknown")
      assert.strictEqual(yield* check("hash-1", t0 + minute), "matched")
    })
  )

  test(
    "a code matches by any of the hashes it may have been stored under, as one attempt",
    Effect.gen(function*() {
      yield* issue(1, t0)
      const wrong = { code_hashes: ["hash-7", "hash-8"] }
      for (const n of [1, 2]) assert.strictEqual(yield* check("", t0 + n, wrong), "mismatch")
      const both = { code_hashes: ["hash-9", "hash-1"] }
      assert.strictEqual(yield* check("", t0 + 3, both), "matched")
    })
  )

  test(
    "a code is dead at the instant it expires",
    Effect.gen(function*() {
      yield* issue(1, t0)
      assert.strictEqual(yield* check("hash-1", t0 + 5 * minute), "expired")
      assert.strictEqual(yield* check("hash-1", t0 + 5 * minute - 1), "matched")
    })
  )

  test(
    "after so many wrong attempts not even the right code is accepted",
    Effect.gen(function*() {
      yield* issue(1, t0)
      for (const wrong of ["", "hash-10", "HASH-1"]) {
        assert.strictEqual(yield* check(wrong, t0 + 1), "mismatch")
      }
      assert.strictEqual(yield* check("hash-1", t0 + 2), "attempts_exceeded")
      yield* issue(2, t0 + minute)
      assert.strictEqual(yield* check("hash-2", t0 + minute), "matched", "a new code starts afresh")
    })
  )

  test(
    "guesses at once are all counted: no more are compared than the limit",
    Effect.gen(function*() {
      yield* issue(1, t0)
      const answers = yield* atOnce(times(12).map((n) => check(`guess-${n}`, t0 + 1)))
      assert.lengthOf(answers.filter((answer) => answer === "mismatch"), 3)
      assert.lengthOf(answers.filter((answer) => answer === "attempts_exceeded"), 9)
    })
  )

  test(
    "the right code shown many times at once matches exactly once",
    Effect.gen(function*() {
      yield* issue(1, t0)
      const answers = yield* atOnce(times(8).map(() => check("hash-1", t0 + 1)))
      assert.lengthOf(answers.filter((answer) => answer === "matched"), 1)
      assert.lengthOf(answers.filter((answer) => answer === "used"), 7)
    })
  )
}
