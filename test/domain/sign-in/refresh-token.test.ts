// What presenting a refresh token means, at every edge of its grace and life.
import { assert, describe, it } from "@effect/vitest"
import {
  rotationOf,
  type RotationVerdict,
  type PresentedToken,
  mitraSignInMaxMs,
  successorEnd
} from "../../../src/domain/sign-in/refresh-token.ts"

const fresh: PresentedToken = {
  expires_at: 1_000,
  rotated_at: null,
  successor_is_used: false,
  family_is_revoked: false
}

const copied = { rotated_at: 100, successor_is_used: true }

describe("a refresh token", () => {
  const cases: ReadonlyArray<
    readonly [string, Partial<PresentedToken>, number, RotationVerdict]
  > = [
    ["never used", {}, 999, "Rotated"],
    ["never used, at its expiry", {}, 1_000, "Expired"],
    ["used, its successor too, at the end of the grace", copied, 110, "Rotated"],
    ["used, its successor too, after the grace", copied, 111, "Reused"],
    ["used, but its answer was lost", { rotated_at: 100 }, 900, "Rotated"],
    ["used, its answer lost, expired", { rotated_at: 100 }, 1_000, "Expired"],
    ["used, before its first use by a clock that lags", copied, 90, "Rotated"],
    ["used, expired inside the grace", { ...copied, rotated_at: 995 }, 1_000, "Expired"],
    ["used, its successor too, long expired", copied, 5_000, "Reused"],
    ["of a revoked family", { family_is_revoked: true }, 10, "Revoked"],
    ["of a revoked family, used and expired", { family_is_revoked: true, rotated_at: 1 }, 5_000, "Revoked"]
  ]

  it.each(cases)("%s", (_title, change, now, expected) => {
    assert.strictEqual(rotationOf({ ...fresh, ...change }, now, 10), expected)
  })
})

describe("a successor", () => {
  const end = (user_type: string, wanted: number) =>
    successorEnd({ family_opened_at: 1_000, user_type }, wanted)

  it("of a mitra's token ends 90 days after she proved her phone, of a customer's when it says", () => {
    const last = 1_000 + mitraSignInMaxMs
    assert.strictEqual(end("mitra", last - 1), last - 1)
    assert.strictEqual(end("mitra", last + 1), last)
    assert.strictEqual(end("customer", last + 1), last + 1)
  })
})
