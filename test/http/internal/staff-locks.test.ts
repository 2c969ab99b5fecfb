// How long somebody waits who goes on guessing a colleague's password. Memory adapters, times given.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { countAttempt, forgiveAttempts } from "../../../src/http/internal/staff/password-attempts.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { hour, idOf, minute, t0 } from "../../../testkit/conformance/given.ts"
import { adapters } from "./staff-desk.ts"

const email = "rina@halobestie.local"
const address = "198.51.100.1"

/** Guesses until it is told to wait: how many it had, and for how many minutes it waits. */
const guessesAt = Effect.fnUntraced(function*(now: number) {
  const account = yield* (yield* Staff).findStaffByEmail(email)
  for (let count = 0;; count += 1) {
    const refusal = yield* Effect.match(countAttempt({ email, account, address, now }), {
      onSuccess: () => null,
      onFailure: (error) => error._tag === "Refusal" ? error.details : assert.fail(error._tag)
    })
    if (refusal !== null) return [count, Math.ceil(Number(refusal["retry_after_seconds"]) / 60)]
  }
})

describe("whoever goes on guessing a password", () => {
  it.effect("waits for longer and longer: a quarter of an hour, two hours, a day", () =>
    Effect.gen(function*() {
      const id = idOf(0xa1)
      yield* (yield* Staff).createStaff({ id, email, password_hash: "hash", role: "admin" }, t0)
      const seen = []
      for (const minutes of [0, 14, 15, 30, 120, 135, 240, 23 * 60, 24 * 60]) {
        seen.push([minutes, ...yield* guessesAt(t0 + minutes * minute)])
      }
      assert.deepStrictEqual(seen, [
        [0, 5, 15],
        [14, 0, 1],
        [15, 5, 15],
        [30, 0, 90],
        [120, 5, 15],
        [135, 5, 15],
        [240, 0, 1_200],
        [1_380, 0, 60],
        [1_440, 5, 15]
      ])
      const account = yield* (yield* Staff).findStaff(id)
      yield* forgiveAttempts(account!, address)
      assert.deepStrictEqual(yield* guessesAt(t0 + 24 * hour + minute), [5, 15], "the right one ends it")
    }).pipe(Effect.provide(adapters)))
})
