// Signing out, here and everywhere: what ends, what goes on, and what the other runners hear.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { TokenVerifier } from "../../../../src/http/socket/token-verifier.ts"
import { codeOf, customerAsk, doors, given, heardOn, signIn } from "./doors.ts"

const phone = "+6281300000001"
const whoIs = (token: string) => Effect.flatMap(TokenVerifier, (verifier) => verifier.verify(token))

/** One customer with two sign-ins. */
const twice = Effect.gen(function*() {
  yield* given
  const door = yield* signIn
  const first = yield* door.anonymous("Sari", "203.0.113.7")
  const by = yield* whoIs(first.access_token)
  const second = yield* door.verifyCode(customerAsk(phone, by), "000000")
  return { first, second, by, topic: `customer:${first.user_id}` as const }
})

describe("signing out", () => {
  it.effect("here ends this sign-in only, and says which one on the bus after the answer", () =>
    Effect.gen(function*() {
      const { by, first, second, topic } = yield* twice
      const { heard } = yield* heardOn(
        topic,
        Effect.andThen((yield* signIn).signOut(by, false), Effect.yieldNow)
      )
      assert.deepStrictEqual(heard, [], "whoever signs out hears the answer first")
      const later = yield* heardOn(topic, TestClock.adjust("50 millis"))
      assert.deepStrictEqual(later.heard, [{ _tag: "Revoked", auth_session_id: by.auth_session_id }])
      assert.strictEqual(yield* codeOf(whoIs(first.access_token)), "TOKEN_INVALID")
      assert.strictEqual(yield* codeOf((yield* signIn).refresh(first.refresh_token)), "REFRESH_INVALID")
      assert.strictEqual((yield* whoIs(second.access_token)).user_id, first.user_id)
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))

  it.effect("everywhere ends every sign-in of the person, and nobody else's", () =>
    Effect.gen(function*() {
      const { by, first, second, topic } = yield* twice
      const budi = yield* (yield* signIn).anonymous("Budi", "203.0.113.7")
      yield* (yield* signIn).signOut(by, true)
      const { heard } = yield* heardOn(topic, TestClock.adjust("50 millis"))
      assert.deepStrictEqual(heard, [{ _tag: "Revoked", auth_session_id: null }])
      for (const tokens of [first, second]) {
        assert.strictEqual(yield* codeOf(whoIs(tokens.access_token)), "TOKEN_INVALID")
        assert.strictEqual(yield* codeOf((yield* signIn).refresh(tokens.refresh_token)), "REFRESH_INVALID")
      }
      yield* whoIs(budi.access_token)
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))

  it.effect("twice is as good as once", () =>
    Effect.gen(function*() {
      const { by, second } = yield* twice
      yield* (yield* signIn).signOut(by, false)
      yield* (yield* signIn).signOut(by, false)
      yield* whoIs(second.access_token)
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))
})
