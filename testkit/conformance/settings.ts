// What every Settings adapter must do: defaults, audited writes, and rows that cannot be used.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { defaultSettings } from "../../src/domain/settings.ts"
import type { AuditEntry } from "../../src/domain/audit.ts"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import { atOnce, givenStaff, idOf, staffId, t0, times } from "./given.ts"
import { Rows } from "./rows.ts"

type Needs = Settings | Staff | Accounts | Rows

const entry = (n: number, after: number): AuditEntry => ({
  id: idOf(n),
  staff_id: staffId,
  action: "setting.write",
  target_type: "setting",
  target_id: "max_customers_per_mitra",
  before: 3,
  after,
  peer: "127.0.0.1",
  at: t0 + n
})

const put = (n: number, value: number) =>
  Effect.flatMap(Settings, (port) => port.put("max_customers_per_mitra", value, entry(n, value)))

const limit = Effect.flatMap(
  Settings,
  (port) => Effect.map(port.current, (all) => all.max_customers_per_mitra)
)

type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

export const settings = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Settings (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(givenStaff, body).pipe(Effect.provide(layer)))

    values(test)
    others(test)
    unusable(test)
  })

const unusable = (test: Test) => {
  test(
    "rows that are unknown or invalid are named in the log and their defaults serve",
    Effect.gen(function*() {
      const rows = yield* Rows
      yield* rows.setting("max_customers_per_mitra", "many")
      yield* rows.setting("pairing_wave_size", 201)
      yield* rows.setting("mitra_ping_required", null)
      yield* rows.setting("retired_setting", { a: 1 })
      yield* rows.setting("closing_grace_seconds", 60)
      const warnings: Array<string> = []
      const recorder = Logger.make(({ logLevel, message }) => {
        warnings.push(`${logLevel} ${JSON.stringify(message)}`)
      })
      const values = yield* Effect.flatMap(Settings, (port) => port.current).pipe(
        Effect.provide(Logger.layer([recorder]))
      )
      assert.deepStrictEqual(values, { ...defaultSettings, closing_grace_seconds: 60 })
      for (
        const key of [
          "max_customers_per_mitra",
          "pairing_wave_size",
          "mitra_ping_required",
          "retired_setting"
        ]
      ) {
        assert.lengthOf(warnings.filter((line) => line.startsWith("Warn") && line.includes(key)), 1, key)
      }
      assert.lengthOf(warnings, 4)
    })
  )
}

const values = (test: Test) => {
  test(
    "without rows the defaults serve",
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* (yield* Settings).current, defaultSettings)
    })
  )

  test(
    "a written value is read at once, and its audit entry is there",
    Effect.gen(function*() {
      const port = yield* Settings
      yield* port.current
      yield* put(1, 7)
      assert.deepStrictEqual(yield* port.current, { ...defaultSettings, max_customers_per_mitra: 7 })
      yield* port.put("extension_default_action_on_timeout", "auto_reject", entry(2, 0))
      yield* port.put("mitra_ping_required", false, entry(3, 0))
      assert.deepStrictEqual(yield* port.current, {
        ...defaultSettings,
        max_customers_per_mitra: 7,
        extension_default_action_on_timeout: "auto_reject",
        mitra_ping_required: false
      })
      const log = yield* (yield* Staff).auditPage({ before: null, limit: 10 })
      assert.deepStrictEqual(log, [entry(3, 0), entry(2, 0), entry(1, 7)])
    })
  )

  test(
    "a value whose audit entry cannot be stored is not stored either",
    Effect.gen(function*() {
      const port = yield* Settings
      const unsigned = { ...entry(1, 7), staff_id: idOf(0x99) }
      const exit = yield* Effect.exit(port.put("max_customers_per_mitra", 7, unsigned))
      assert.isTrue(Exit.hasDies(exit))
      yield* port.refresh
      assert.strictEqual(yield* limit, 3)
    })
  )
}

const others = (test: Test) => {
  test(
    "a write that is repeated after another one does not undo it",
    Effect.gen(function*() {
      yield* put(1, 7)
      yield* put(2, 8)
      yield* put(1, 7)
      assert.strictEqual(yield* limit, 8)
    })
  )

  test(
    "a change of a value that somebody changed meanwhile is not stored, and leaves no entry",
    Effect.gen(function*() {
      const port = yield* Settings
      const change = (n: number, value: number, seen: number) =>
        port.put("max_customers_per_mitra", value, entry(n, value), seen)
      assert.isFalse(yield* change(1, 7, 4), "the default was in force")
      const first = yield* atOnce([2, 3, 4].map((n) => change(n, 10 + n, 3)))
      assert.lengthOf(first.filter((isStored) => isStored), 1)
      const value = yield* limit
      const entries = Effect.flatMap(Staff, (staff) => staff.auditPage({ before: null, limit: 10 }))
      assert.deepStrictEqual((yield* entries).map((one) => one.after), [value])
      assert.isFalse(yield* change(5, 8, 3))
      assert.isTrue(yield* change(6, 8, value))
      assert.isTrue(yield* change(6, 8, value), "a repeat")
      assert.lengthOf(yield* entries, 2)
    })
  )

  test(
    "what another runner wrote is read after a refresh",
    Effect.gen(function*() {
      assert.strictEqual(yield* limit, 3)
      yield* (yield* Rows).setting("max_customers_per_mitra", 5)
      assert.strictEqual(yield* limit, 3, "served from memory")
      yield* (yield* Settings).refresh
      assert.strictEqual(yield* limit, 5)
    })
  )

  test(
    "writes at once all get their audit entry, and the last one's value is read",
    Effect.gen(function*() {
      yield* atOnce(times(8).map((n) => put(n + 1, n + 1)))
      assert.lengthOf(yield* (yield* Staff).auditPage({ before: null, limit: 200 }), 8)
      const read = yield* limit
      yield* (yield* Settings).refresh
      assert.strictEqual(yield* limit, read)
    })
  )
}
