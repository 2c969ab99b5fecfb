// What presenting a refresh token means, at every edge of its grace and life.
import { assert, describe, it } from "@effect/vitest"
import {
  rotationOf,
  type RotationVerdict,
  type PresentedToken
} from "../../../src/domain/sign-in/refresh-token.ts"

const fresh: PresentedToken = { expires_at: 1_000, rotated_at: null, family_is_revoked: false }

describe("a refresh token", () => {
  const cases: ReadonlyArray<
    readonly [string, Partial<PresentedToken>, number, RotationVerdict]
  > = [
    ["never used", {}, 999, "Rotated"],
    ["never used, at its expiry", {}, 1_000, "Expired"],
    ["used, at the end of the grace", { rotated_at: 100 }, 110, "Rotated"],
    ["used, after the grace", { rotated_at: 100 }, 111, "Reused"],
    ["used, before its first use by a clock that lags", { rotated_at: 100 }, 90, "Rotated"],
    ["used, expired inside the grace", { rotated_at: 995 }, 1_000, "Expired"],
    ["used, long expired", { rotated_at: 100 }, 5_000, "Reused"],
    ["of a revoked family", { family_is_revoked: true }, 10, "Revoked"],
    ["of a revoked family, used and expired", { family_is_revoked: true, rotated_at: 1 }, 5_000, "Revoked"]
  ]

  it.each(cases)("%s", (_title, change, now, expected) => {
    assert.strictEqual(rotationOf({ ...fresh, ...change }, now, 10), expected)
  })
})
