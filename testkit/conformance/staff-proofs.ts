// What every adapter of StaffProofs must do: attempts that count once each, second factors whose codes are
// taken once, and proofs that only get younger.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { StaffProofs } from "../../src/services/accounts/staff-proofs.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { atOnce, givenStaff, idOf, minute, staffId, t0, times } from "./given.ts"

type Needs = Staff | StaffProofs | Accounts

const entry = (n: number) => ({
  id: idOf(n),
  staff_id: staffId,
  action: "staff.second_factor",
  target_type: "staff",
  target_id: staffId,
  peer: "127.0.0.1",
  at: t0
})

const entries = Effect.flatMap(Staff, (port) => port.auditPage({ before: null, limit: 10 }))

export const staffProofs = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`staff proofs (${name})`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, Needs>) =>
      it.live(title, () => Effect.andThen(givenStaff, body).pipe(Effect.provide(layer)))

    test(
      "attempts count per account and address, each once, and anew when their time is over",
      Effect.gen(function*() {
        const port = yield* StaffProofs
        const attempt = (who: string, network: string, at = t0) =>
          port.countAttempt({ who, network, at, window_ms: minute })
        const counts = yield* atOnce(times(10).map(() => attempt("a", "10.0.0.1")))
        assert.sameMembers(counts.map(({ attempts }) => attempts), times(10).map((n) => n + 1))
        assert.deepStrictEqual(yield* attempt("a", "10.0.0.2", t0 + 1), {
          attempts: 1,
          until: t0 + 1 + minute
        })
        assert.strictEqual((yield* attempt("b", "10.0.0.1")).attempts, 1)
        assert.deepStrictEqual(yield* attempt("a", "10.0.0.1", t0 + minute - 1), {
          attempts: 11,
          until: t0 + minute
        })
        assert.strictEqual((yield* attempt("a", "10.0.0.1", t0 + minute)).attempts, 1, "its time is over")
        yield* attempt("a", "10.0.0.1", t0 + minute)
        yield* port.forgetAttempts("a", "10.0.0.1")
        assert.strictEqual((yield* attempt("a", "10.0.0.1", t0 + minute)).attempts, 1, "it was forgotten")
      })
    )

    test(
      "a second factor counts once it is confirmed, and takes no code twice",
      Effect.gen(function*() {
        const port = yield* StaffProofs
        assert.isNull(yield* port.secondFactor(staffId))
        assert.isFalse(yield* port.confirmSecondFactor(staffId, 5, [], entry(1)), "there is none")
        assert.isTrue(yield* port.beginSecondFactor(staffId, "SECRETONE", t0))
        assert.isTrue(yield* port.beginSecondFactor(staffId, "SECRETTWO", t0), "begun anew")
        assert.deepStrictEqual(yield* port.secondFactor(staffId), {
          secret: "SECRETTWO",
          confirmed_at: null,
          last_step: 0,
          recovery_codes_left: 0
        })
        assert.isTrue(yield* port.confirmSecondFactor(staffId, 5, ["h1", "h2"], entry(2)))
        assert.isFalse(yield* port.confirmSecondFactor(staffId, 6, [], entry(3)), "it is on already")
        assert.isFalse(yield* port.beginSecondFactor(staffId, "SECRETTHREE", t0))
        assert.isFalse(yield* port.takeStep(staffId, 5), "that code confirmed it")
        const taken = yield* atOnce(times(4).map(() => port.takeStep(staffId, 6)))
        assert.strictEqual(taken.filter(Boolean).length, 1)
        const used = yield* atOnce(times(4).map(() => port.takeRecoveryCode(staffId, "h1")))
        assert.strictEqual(used.filter(Boolean).length, 1)
        assert.isFalse(yield* port.takeRecoveryCode(staffId, "h3"))
        assert.deepStrictEqual(yield* port.secondFactor(staffId), {
          secret: "SECRETTWO",
          confirmed_at: t0,
          last_step: 6,
          recovery_codes_left: 1
        })
        assert.isTrue(yield* port.removeSecondFactor(staffId, entry(4)))
        assert.isFalse(yield* port.removeSecondFactor(staffId, entry(5)))
        assert.isNull(yield* port.secondFactor(staffId))
        assert.deepStrictEqual((yield* entries).map(({ after, id }) => [id, after]), [
          [idOf(4), { has_second_factor: false }],
          [idOf(2), { has_second_factor: true }]
        ])
      })
    )

    test(
      "another password is written with its entry, which shows neither",
      Effect.gen(function*() {
        yield* (yield* StaffProofs).changePassword(staffId, "another hash", entry(1))
        assert.strictEqual((yield* (yield* Staff).findStaff(staffId))?.password_hash, "another hash")
        assert.deepStrictEqual((yield* entries).map(({ after, before }) => [before, after]), [[null, null]])
      })
    )

    test(
      "a proof only gets younger",
      Effect.gen(function*() {
        const port = yield* StaffProofs
        assert.isNull(yield* port.provedAt(idOf(7)))
        yield* port.prove(idOf(7), t0 + 5)
        yield* port.prove(idOf(7), t0)
        assert.strictEqual(yield* port.provedAt(idOf(7)), t0 + 5)
        assert.isNull(yield* port.provedAt(idOf(8)))
      })
    )
  })
