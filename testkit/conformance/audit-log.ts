// What every adapter of the audit log must do: keep entries as they came, and page through them.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type { AuditEntry } from "../../src/domain/audit.ts"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { atOnce, givenStaff, idOf, staffId, t0, times } from "./given.ts"

const entry = (n: number): AuditEntry => ({
  id: idOf(n),
  staff_id: staffId,
  action: "mitra.deactivate",
  target_type: "mitra",
  target_id: idOf(0xb1),
  before: { is_active: true, note: null, list: [1, "two", 3.5, { deep: [] }] },
  after: null,
  peer: "127.0.0.1:5000",
  at: t0 + n
})

export const audit = (name: string, layer: Layer.Layer<Staff | Accounts>) =>
  describe(`audit log (${name})`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, Staff | Accounts>) =>
      it.live(title, () => Effect.andThen(givenStaff, body).pipe(Effect.provide(layer)))

    test(
      "entries come back as they were written, newest first, page by page",
      Effect.gen(function*() {
        const port = yield* Staff
        assert.deepStrictEqual(yield* port.auditPage({ before: null, limit: 10 }), [])
        yield* atOnce(times(5).map((n) => port.appendAudit(entry(n + 1))))
        const first = yield* port.auditPage({ before: null, limit: 2 })
        assert.deepStrictEqual(first, [entry(5), entry(4)])
        assert.deepStrictEqual(yield* port.auditPage({ before: idOf(4), limit: 2 }), [entry(3), entry(2)])
        assert.deepStrictEqual(yield* port.auditPage({ before: idOf(2), limit: 2 }), [entry(1)])
        assert.deepStrictEqual(yield* port.auditPage({ before: idOf(1), limit: 2 }), [])
      })
    )

    test(
      "an entry appended again changes nothing",
      Effect.gen(function*() {
        const port = yield* Staff
        yield* port.appendAudit(entry(1))
        yield* port.appendAudit({ ...entry(1), action: "other" })
        assert.deepStrictEqual(yield* port.auditPage({ before: null, limit: 10 }), [entry(1)])
      })
    )

    test(
      "an entry needs a known staff member",
      Effect.gen(function*() {
        const port = yield* Staff
        assert.isTrue(
          Exit.hasDies(yield* Effect.exit(port.appendAudit({ ...entry(1), staff_id: idOf(0x99) })))
        )
        assert.deepStrictEqual(yield* port.auditPage({ before: null, limit: 10 }), [])
      })
    )
  })
