// What adapters of SignIns, Accounts and PushOutbox must do together: whoever has another phone is told of a
// new sign-in there, as long as that sign-in lives.
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { signInPushLifeMs } from "../../src/domain/push.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { hour, idOf, t0 } from "./given.ts"
import { claimed, type Everything, finishAt, isWanted, testerOn } from "./push-given.ts"
import { customer, givenMitras, mitra } from "./stage.ts"

const sari = { user_type: "customer", user_id: customer(1) } as const
const ayu = { user_type: "mitra", user_id: mitra(1) } as const
type User = typeof sari | typeof ayu

const notice = { due_at: t0 + 15, expires_at: t0 + 1000 }

/** Sign-in `n` of this person, at t0 + n. */
const signIn = Effect.fnUntraced(function*(n: number, user: User, isTold = false) {
  yield* (yield* SignIns).open({
    ...user,
    id: idOf(n),
    family_id: idOf(n),
    refresh_hash: `hash-${n}`,
    created_at: t0 + n,
    expires_at: t0 + hour
  }, { only_one: user === ayu, ...(isTold ? { notice } : {}) })
})

const phone = Effect.fnUntraced(function*(n: number, user: User, registered_at = t0 + n) {
  yield* (yield* Accounts).registerDevice(
    { ...user, token: `token-${n}`, platform: "ios", auth_session_id: idOf(n), registered_at },
    10
  )
})

const beside = (user: User, n: number) =>
  Effect.flatMap(
    Accounts,
    (port) => Effect.map(port.devicesBeside(user, idOf(n)), (found) => found.map(({ token }) => token))
  )

export const pushSignIns = (name: string, layer: Layer.Layer<Everything>) =>
  describe(`PushOutbox, pushes about sign-ins (${name})`, () => {
    const test = testerOn(layer)

    test(
      "a new sign-in is written down once for the other phones, and only where there is one",
      Effect.gen(function*() {
        yield* signIn(1, sari, true)
        assert.lengthOf(yield* claimed(t0 + 15), 0, "nobody else is there")
        yield* phone(1, sari)
        yield* signIn(2, sari, true)
        yield* signIn(2, sari, true)
        assert.lengthOf(yield* claimed(t0 + 14), 0)
        const [told, ...more] = yield* claimed(t0 + 15)
        assert.lengthOf(more, 0)
        assert.deepInclude(told, {
          ...sari,
          id: idOf(2),
          kind: "sign_in",
          session_id: null,
          auth_session_id: idOf(2),
          created_at: t0 + 2,
          expires_at: notice.expires_at
        })
        yield* phone(2, sari)
        assert.deepStrictEqual(yield* beside(sari, 2), ["token-1"])
      })
    )

    test(
      "nobody is told of a sign-in that was ended meanwhile",
      Effect.gen(function*() {
        yield* signIn(1, sari)
        yield* phone(1, sari)
        yield* signIn(2, sari, true)
        const [told] = yield* claimed(t0 + 15)
        assert.isTrue(yield* isWanted(told, t0 + 15))
        yield* finishAt(told!, { _tag: "Waiting", due_at: t0 + 20 }, t0 + 16)
        const [again] = yield* claimed(t0 + 20)
        yield* (yield* SignIns).revokeFamily(idOf(2), "signed_out", t0 + 21)
        assert.isFalse(yield* isWanted(again, t0 + 22))
        yield* finishAt(again!, { _tag: "Waiting", due_at: t0 + 23 }, t0 + 22)
        assert.lengthOf(yield* claimed(t0 + 23), 0)
        assert.deepStrictEqual((yield* (yield* PushOutbox).depth(t0 + 24)).open, [])
      })
    )

    test(
      "staff see it among what waits, what died and what was paid for",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        yield* signIn(1, sari)
        yield* phone(1, sari)
        yield* signIn(2, sari, true)
        assert.deepStrictEqual((yield* outbox.depth(t0 + 15)).open.map(({ kind }) => kind), ["sign_in"])
        const [told] = yield* claimed(t0 + 15)
        yield* finishAt(told!, { _tag: "Dead", code: "REFUSED" }, t0 + 16, { sent: 0, failed: 1 })
        const [letter] = yield* outbox.deadLetters({ before: null, limit: 2 })
        assert.deepInclude(letter, { id: idOf(2), kind: "sign_in", session_id: null, code: "REFUSED" })
        const [cost] = yield* outbox.costs(t0 + 16, 1)
        assert.deepInclude(cost, { kind: "sign_in", sent: 0, failed: 1 })
      })
    )

    test(
      "a mitra's phone whose sign-in was replaced is told for a day, and gets nothing else",
      Effect.gen(function*() {
        const accounts = yield* Accounts
        yield* givenMitras(1)
        yield* signIn(1, ayu)
        yield* phone(1, ayu)
        yield* signIn(2, ayu, true)
        const [told] = yield* claimed(t0 + 15)
        assert.strictEqual(told?.auth_session_id, idOf(2))
        yield* phone(2, ayu)
        assert.deepStrictEqual(yield* beside(ayu, 2), ["token-1"])
        assert.deepStrictEqual((yield* accounts.devicesOf(ayu)).map(({ token }) => token), ["token-2"])
        yield* signIn(3, ayu)
        assert.deepStrictEqual(yield* beside(ayu, 3), ["token-2"], "the first one knew already")
        yield* phone(3, ayu, t0 + 3 + signInPushLifeMs)
        assert.deepStrictEqual(yield* beside(ayu, 3), [], "it is forgotten")
      })
    )
  })
