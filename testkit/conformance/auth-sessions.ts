// What every SignIns adapter must do: families, rotation with its grace, theft and revocation.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import { type AuthSession, SignIns } from "../../src/services/accounts/sign-ins.ts"
import { atOnce, customerId, givenMitra, hour, idOf, mitraId, t0, times } from "./given.ts"
import { Rows } from "./rows.ts"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import type { Staff } from "../../src/services/accounts/staff.ts"

type Needs = SignIns | Accounts | Rows | Staff
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void
const [grace_ms, one, several] = [10_000, { only_one: true }, { only_one: false }]

/** The first session of family `n`. */
export const session = (n: number, more: Partial<AuthSession> = {}): AuthSession => ({
  id: idOf(n),
  family_id: idOf(n),
  user_type: "mitra",
  user_id: mitraId,
  refresh_hash: `hash-${n}`,
  created_at: t0,
  expires_at: t0 + 720 * hour,
  ...more
})

export const next = (n: number) => ({ id: idOf(n), refresh_hash: `hash-${n}`, expires_at: t0 + 800 * hour })

export const authSessions = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`SignIns, refresh tokens (${name})`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))
    opening(test)
    rotating(test)
    grace(test)
    revoking(test)
    crossing(test)
  })

const opening = (test: Test) => {
  test(
    "an opened family is live, an unknown one is not, and opening again changes nothing",
    Effect.gen(function*() {
      const port = yield* SignIns
      assert.isFalse(yield* port.isLive(idOf(1)))
      for (const options of [several, one]) {
        assert.deepStrictEqual(yield* port.open(session(1), options), { revoked_families: [] })
        assert.isTrue(yield* port.isLive(idOf(1)), JSON.stringify(options))
      }
    })
  )

  test(
    "two sessions never share a refresh hash",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      const exit = yield* Effect.exit(port.open({ ...session(2), refresh_hash: "hash-1" }, one))
      assert.isTrue(Exit.hasDies(exit))
      assert.isTrue(yield* port.isLive(idOf(1)), "the failed opening revoked nothing")
      assert.isFalse(yield* port.isLive(idOf(2)))
    })
  )

  test(
    "only_one ends that person's other families, and names those that could still have been used",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      yield* port.open(session(2), several)
      yield* port.open(session(3, { expires_at: t0 + hour }), several)
      yield* port.open(session(4, { user_id: idOf(0xb2) }), several)
      yield* port.open(session(5, { user_type: "customer" }), several)
      const opened = yield* port.open(session(6, { created_at: t0 + hour }), one)
      assert.sameMembers([...opened.revoked_families], [idOf(1), idOf(2)])
      const live = atOnce(times(6).map((n) => port.isLive(idOf(n + 1))))
      assert.deepStrictEqual(yield* live, [false, false, false, true, true, true])
    })
  )

  test(
    "of many only_one openings at once, exactly one family stays live",
    Effect.gen(function*() {
      const port = yield* SignIns
      const opened = yield* atOnce(times(8).map((n) => port.open(session(n + 1), one)))
      const live = yield* atOnce(times(8).map((n) => port.isLive(idOf(n + 1))))
      assert.lengthOf(live.filter((is) => is), 1)
      assert.lengthOf(opened.flatMap((each) => each.revoked_families), 7)
    })
  )

  test(
    "a mitra who is not active gets a family that is revoked from the start",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* givenMitra
      yield* (yield* Rows).setMitra(mitraId, { is_active: false, online_since: null })
      yield* port.open(session(1), one)
      assert.isFalse(yield* port.isLive(idOf(1)))
      const rotation = yield* port.rotate({ refresh_hash: "hash-1", next: next(2), now: t0, grace_ms })
      assert.strictEqual(rotation._tag, "Revoked")
    })
  )
}

const rotating = (test: Test) => {
  test(
    "a refresh hash is exchanged for a new session of the same family and person",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      const now = t0 + hour
      const first = yield* port.rotate({ refresh_hash: "hash-1", next: next(2), now, grace_ms })
      const expected = { ...session(1), ...next(2), created_at: now }
      assert.deepStrictEqual(first, { _tag: "Rotated", session: expected })
      const second = yield* port.rotate({ refresh_hash: "hash-2", next: next(3), now, grace_ms })
      assert.deepStrictEqual(second, { _tag: "Rotated", session: { ...expected, ...next(3) } })
      assert.isTrue(yield* port.isLive(idOf(1)))
      assert.isTrue(yield* port.isLive(idOf(1), session(1)))
      assert.isFalse(yield* port.isLive(idOf(1), { ...session(1), user_id: idOf(99) }), "somebody else's")
      const unknown = yield* port.rotate({ refresh_hash: "other", next: next(4), now, grace_ms })
      assert.deepStrictEqual(unknown, { _tag: "Unknown" })
    })
  )

  test(
    "a token shown again within the grace gets a session too; after it the whole family ends",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      yield* port.open(session(9), several)
      const show = (n: number, now: number) =>
        port.rotate({ refresh_hash: "hash-1", next: next(n), now, grace_ms })
      assert.strictEqual((yield* show(2, t0))._tag, "Rotated")
      yield* port.isLive(idOf(1), undefined, { id: idOf(2), at: t0 + 1 })
      assert.strictEqual((yield* show(3, t0 + grace_ms))._tag, "Rotated")
      const reused = yield* show(4, t0 + grace_ms + 1)
      assert.deepStrictEqual(reused, {
        _tag: "Reused",
        user_type: "mitra",
        user_id: mitraId,
        family_id: idOf(1)
      })
      assert.isFalse(yield* port.isLive(idOf(1)))
      assert.isTrue(yield* port.isLive(idOf(9)), "another family of hers is not touched")
      for (const refresh_hash of ["hash-1", "hash-2", "hash-3"]) {
        const later = yield* port.rotate({ refresh_hash, next: next(5), now: t0 + grace_ms + 2, grace_ms })
        assert.strictEqual(later._tag, "Revoked", refresh_hash)
      }
      const never = yield* port.rotate({ refresh_hash: "hash-4", next: next(5), now: t0, grace_ms })
      assert.strictEqual(never._tag, "Unknown", "the refused exchange stored nothing")
    })
  )
}

const grace = (test: Test) => {
  test(
    "the grace counts from the first use, however often the token is shown",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      yield* port.rotate({ refresh_hash: "hash-1", next: next(9), now: t0, grace_ms })
      yield* port.isLive(idOf(1), undefined, { id: idOf(9), at: t0 })
      const tags: Array<string> = []
      for (const [n, at] of [0, 6_000, 10_000, 12_000].entries()) {
        const rotation = yield* port.rotate({
          refresh_hash: "hash-1",
          next: next(n + 2),
          now: t0 + at,
          grace_ms
        })
        tags.push(rotation._tag)
      }
      assert.deepStrictEqual(tags, ["Rotated", "Rotated", "Rotated", "Reused"])
    })
  )

  test(
    "an expired token is not exchanged, but an expired copy of a used one is still a theft",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1, { expires_at: t0 + hour }), several)
      const late = { refresh_hash: "hash-1", next: next(2), now: t0 + hour, grace_ms }
      assert.deepStrictEqual(yield* port.rotate(late), { _tag: "Expired" })
      assert.strictEqual((yield* port.rotate({ ...late, now: t0 + hour - 1 }))._tag, "Rotated")
      yield* port.isLive(idOf(1), undefined, { id: idOf(2), at: t0 + hour })
      assert.strictEqual((yield* port.rotate({ ...late, next: next(3), now: t0 + 2 * hour }))._tag, "Reused")
      assert.isFalse(yield* port.isLive(idOf(1)))
    })
  )

  test(
    "two refreshes that cross each get a session of their own",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      const rotations = yield* atOnce(
        times(8).map((n) => port.rotate({ refresh_hash: "hash-1", next: next(n + 2), now: t0 + n, grace_ms }))
      )
      assert.deepStrictEqual(rotations.map((rotation) => rotation._tag), times(8).map(() => "Rotated"))
      const again = yield* atOnce(
        times(8).map((n) =>
          port.rotate({ refresh_hash: `hash-${n + 2}`, next: next(n + 20), now: t0 + 100, grace_ms })
        )
      )
      assert.deepStrictEqual(again.map((rotation) => rotation._tag), times(8).map(() => "Rotated"))
    })
  )

  test(
    "an exchange repeated with the same next session gives that session again",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      const options = { refresh_hash: "hash-1", next: next(2), now: t0, grace_ms }
      assert.deepStrictEqual(yield* port.rotate(options), yield* port.rotate(options))
    })
  )
}

const revoking = (test: Test) => {
  test(
    "a revoked family is not live and none of its tokens is exchanged",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      yield* port.open(session(9), several)
      yield* port.rotate({ refresh_hash: "hash-1", next: next(2), now: t0, grace_ms })
      yield* port.revokeFamily(idOf(1), "signed_out", t0)
      yield* port.revokeFamily(idOf(1), "again", t0 + 1)
      yield* port.revokeFamily(idOf(0x77), "unknown", t0)
      assert.isFalse(yield* port.isLive(idOf(1)))
      assert.isTrue(yield* port.isLive(idOf(9)))
      const rotation = yield* port.rotate({ refresh_hash: "hash-2", next: next(3), now: t0, grace_ms })
      assert.deepStrictEqual(rotation, { _tag: "Revoked" })
    })
  )

  test(
    "all families of one person are revoked at once, and the usable ones are counted",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      yield* port.rotate({ refresh_hash: "hash-1", next: next(11), now: t0, grace_ms })
      yield* port.open(session(2), several)
      yield* port.open(session(3, { expires_at: t0 + 1 }), several)
      yield* port.open(session(4, { user_type: "customer", user_id: customerId }), several)
      assert.strictEqual(yield* port.revokeAllOf("mitra", mitraId, "deactivated", t0 + 1), 2)
      assert.strictEqual(yield* port.revokeAllOf("mitra", mitraId, "deactivated", t0 + 1), 0)
      const live = yield* atOnce(times(4).map((n) => port.isLive(idOf(n + 1))))
      assert.deepStrictEqual(live, [false, false, false, true])
    })
  )
}

const crossing = (test: Test) => {
  test(
    "a rotation that crosses a revocation leaves no living token behind",
    Effect.gen(function*() {
      const port = yield* SignIns
      for (const n of times(10)) {
        const hash = `hash-${n + 1}`
        yield* port.open(session(n + 1), several)
        yield* atOnce([
          port.rotate({ refresh_hash: hash, next: next(n + 100), now: t0, grace_ms }),
          port.revokeFamily(idOf(n + 1), "signed_out", t0)
        ])
        assert.isFalse(yield* port.isLive(idOf(n + 1)))
        const after = yield* port.rotate({
          refresh_hash: `hash-${n + 100}`,
          next: next(n + 200),
          now: t0,
          grace_ms
        })
        assert.include(["Revoked", "Unknown"], after._tag)
      }
    })
  )

  test(
    "a stolen family that is used from many sides at once ends without an error",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      for (const n of times(6)) {
        const refresh_hash = `hash-${n === 0 ? 1 : n + 10}`
        yield* port.rotate({ refresh_hash, next: next(n + 11), now: t0, grace_ms })
      }
      yield* port.isLive(idOf(1), undefined, { id: idOf(16), at: t0 })
      const hashes = ["hash-1", ...times(5).map((n) => `hash-${n + 11}`)]
      const rotations = yield* atOnce(
        hashes.map((refresh_hash, n) =>
          port.rotate({ refresh_hash, next: next(n + 50), now: t0 + hour, grace_ms })
        )
      )
      assert.isTrue(rotations.every((rotation) => rotation._tag === "Reused" || rotation._tag === "Revoked"))
      assert.isFalse(yield* port.isLive(idOf(1)))
    })
  )
}
