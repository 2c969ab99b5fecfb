// Staff commands that come from another runner: without the token of the staff member they name, of a role
// that may do it, the owner of the actor does nothing.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Mitra } from "../../src/actors/mitra/protocol.ts"
import { ChatSession } from "../../src/actors/session/protocol.ts"
import * as AccessTokens from "../../src/http/public/auth/access-tokens.ts"
import * as StaffAuthority from "../../src/http/internal/staff/staff-authority.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { valueOf } from "../../src/services/operations/figures.ts"
import { idOf, t0 } from "../../testkit/conformance/given.ts"
import { refused } from "../http/phone.ts"
import { actorWorldWith, onlineMitra, paidRequest } from "./actor-world.ts"
import { during } from "./playing.ts"

const tokens = AccessTokens.layer({ secrets: Redacted.make("a secret of at least 32 characters") })
const world = actorWorldWith(StaffAuthority.layer.pipe(Layer.provideMerge(tokens)))

const signedIn = Effect.fnUntraced(function*(n: number, role: string) {
  const id = idOf(n)
  yield* (yield* Staff).createStaff({ id, email: `s${n}@halobestie.local`, password_hash: "hash", role }, t0)
  const owner = { user_type: "staff", user_id: id } as const
  const session = { id: idOf(n + 0x100), family_id: idOf(n + 0x100), refresh_hash: `hash ${n}` }
  yield* (yield* SignIns).open({ ...session, ...owner, created_at: 0, expires_at: 1 }, { only_one: false })
  const signed = yield* (yield* AccessTokens.AccessTokens).sign({ ...owner, auth_session_id: session.id })
  return { id, token: signed.token, auth_session_id: session.id }
})

type Origin = { readonly staff_id: string; readonly peer: string; readonly token?: string } | null

/** Through the cluster, as calls of other runners come: what this process asks goes directly. */
const deactivate = Effect.fnUntraced(function*(mitra: string, staff_id: string, staff: Origin) {
  const client = yield* Mitra.client
  const command = { _tag: "Deactivate", staff_id } as const
  return yield* during(
    client(mitra).Run({ sender_id: `staff:${staff_id}`, command_id: null, command, staff })
  )
})

describe("a staff command from another runner", () => {
  it.effect("is done for the token of whom it names, and for nothing else", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const { id, token } = yield* signedIn(1, "admin")
      const other = yield* signedIn(2, "admin")
      const viewer = yield* signedIn(3, "viewer")
      const before = valueOf("forged_staff_calls_total")
      const forged: ReadonlyArray<readonly [string, string, Origin]> = [
        ["NO STAFF", id, null],
        ["NONSENSE", id, { staff_id: id, peer: "here", token: "a.b.c" }],
        ["ANOTHER'S", id, { staff_id: id, peer: "here", token: other.token }],
        ["ANOTHER NAME", id, { staff_id: other.id, peer: "here", token: other.token }],
        ["NO RIGHT", viewer.id, { staff_id: viewer.id, peer: "here", token: viewer.token }]
      ]
      for (const [what, staff_id, staff] of forged) {
        assert.include(["FORBIDDEN", "TOKEN_INVALID"], yield* refused(deactivate(ayu, staff_id, staff)), what)
      }
      assert.strictEqual(valueOf("forged_staff_calls_total") - before, 3)
      assert.strictEqual((yield* (yield* Mitras).find(ayu))?.is_active, true)
      yield* (yield* SignIns).revokeFamily(other.auth_session_id, "signed_out", 1)
      assert.strictEqual(
        yield* refused(deactivate(ayu, other.id, { staff_id: other.id, peer: "here", token: other.token })),
        "TOKEN_INVALID",
        "signed out"
      )
      yield* deactivate(ayu, id, { staff_id: id, peer: "here", token })
      assert.strictEqual((yield* (yield* Mitras).find(ayu))?.is_active, false)
    }).pipe(Effect.provide(world)))

  it.effect("without any token, as a version before sends it, is not done and told to come again", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const { id } = yield* signedIn(1, "admin")
      const before = valueOf("forged_staff_calls_total")
      const error = yield* Effect.flip(deactivate(ayu, id, { staff_id: id, peer: "here" }))
      assert.deepInclude(error, { _tag: "Unavailable", what: "staff_token", retryable: true })
      assert.strictEqual((yield* (yield* Mitras).find(ayu))?.is_active, true)
      assert.strictEqual(valueOf("forged_staff_calls_total") - before, 1)
    }).pipe(Effect.provide(world)))

  it.effect("is the same for everything that staff do to a mitra", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const { id, token } = yield* signedIn(1, "operator")
      const client = yield* Mitra.client
      for (
        const _tag of ["Drain", "UndoDrain", "ForceOffline", "LiftHold", "Deactivate", "Activate"] as const
      ) {
        const call = { sender_id: `staff:${id}`, command_id: null, command: { _tag, staff_id: id } }
        const withoutStaff = during(client(ayu).Run({ ...call, staff: null }))
        assert.strictEqual(yield* refused(withoutStaff), "FORBIDDEN", _tag)
        yield* during(client(ayu).Run({ ...call, staff: { staff_id: id, peer: "here", token } }))
      }
    }).pipe(Effect.provide(world)))

  it.effect("is the same for chats, and nobody else may call in staff's name", () =>
    Effect.gen(function*() {
      const { session_id } = yield* during(paidRequest(300))
      const { id, token } = yield* signedIn(1, "operator")
      const client = yield* ChatSession.client
      const call = (command: object, staff: Origin) =>
        during(
          client(session_id).Run({ sender_id: `staff:${id}`, command_id: null, command, staff } as never)
        )
      const close = { _tag: "ForceClose", staff_id: id, reason: "test" }
      assert.strictEqual(yield* refused(call(close, null)), "FORBIDDEN")
      const good = { staff_id: id, peer: "here", token }
      assert.strictEqual(yield* refused(call({ _tag: "Requeue" }, good)), "FORBIDDEN")
      yield* call(close, good)
    }).pipe(Effect.provide(world)))
})
