// firebase-admin itself against a stand-in for Google that is slow, full, unwilling or broken. Real TLS, real
// time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import * as Firebase from "../../../src/layers/push/push.firebase.ts"
import { Push, type PushMessage, type PushResult } from "../../../src/services/push/push.ts"
import { type Doing, firebaseDouble, type Pushed, refusal, taken } from "../../support/firebase-double.ts"

/** What is answered has all the time that a busy machine takes; what is never answered must not take it. */
const patientMs = 30_000
const silentMs = 4_000

const goodToken = { status: 200, body: { access_token: "an-access-token", expires_in: 3600 } }

const message: PushMessage = {
  token: "a-device-token",
  platform: "android",
  title: "Somebody wants to talk",
  body: "Open the app to answer.",
  data: { kind: "offer", session_id: "s" },
  ttl_ms: 41_900,
  expires_at: 1_767_225_660_900,
  collapse_id: "offer.s"
}

const withGoogle = <A>(
  decide: (pushed: Pushed, nth: number) => Doing,
  story: (
    send: Effect.Effect<PushResult>,
    pushed: ReadonlyArray<Pushed>
  ) => Effect.Effect<A>,
  signsIn?: () => Doing,
  send_max_ms = patientMs
) =>
  Effect.gen(function*() {
    const { agent, pushed, service_account_path } = yield* firebaseDouble(decide, signsIn)
    return yield* Effect.flatMap(Push, (push) => story(push.send(message), pushed)).pipe(
      Effect.provide(
        Firebase.layer({ service_account_path, agent, send_max_ms }).pipe(
          Layer.provide(SecureRandom.layerWebCrypto)
        )
      )
    )
  }).pipe(Effect.scoped)

const resultOf = (doing: Doing, signsIn?: () => Doing) =>
  withGoogle(
    () => doing,
    (send, pushed) => Effect.map(send, (result) => ({ result, asked: pushed.length })),
    signsIn,
    [doing, signsIn?.()].includes("silence") ? silentMs : patientMs
  )

describe("Firebase", () => {
  it.live("is sent the text, the ids, the time that is left and what the push replaces, with our token", () =>
    withGoogle(() => taken, (send, pushed) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* send, { _tag: "Sent" })
        const [one] = pushed
        assert.strictEqual(one?.authorization, "Bearer an-access-token")
        assert.strictEqual(one?.path, "/v1/projects/halobestie-test/messages:send")
        assert.deepStrictEqual(one?.message, {
          token: "a-device-token",
          notification: { title: "Somebody wants to talk", body: "Open the app to answer." },
          data: { kind: "offer", session_id: "s" },
          android: {
            priority: "high",
            ttl: "41s",
            collapse_key: "offer.s",
            notification: { tag: "offer.s" }
          },
          apns: {
            headers: {
              "apns-priority": "10",
              "apns-expiration": "1767225660",
              "apns-collapse-id": "offer.s"
            },
            payload: { aps: { sound: "default" } }
          }
        })
      })))

  it.live("says when a token will never work again, and only then", () =>
    Effect.gen(function*() {
      const about = (doing: Doing) => Effect.map(resultOf(doing), ({ result }) => result)
      const gone: PushResult = { _tag: "TokenInvalid" }
      assert.deepStrictEqual(yield* about(refusal(404, "NOT_FOUND", "UNREGISTERED")), gone)
      const words = "The registration token is not a valid FCM registration token"
      assert.deepStrictEqual(yield* about(refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", words)), gone)
      const badField = {
        status: 400,
        body: {
          error: {
            code: 400,
            status: "INVALID_ARGUMENT",
            message: "bad",
            details: [{
              "@type": "type.googleapis.com/google.rpc.BadRequest",
              fieldViolations: [{ field: "message.token", description: "bad" }]
            }]
          }
        }
      }
      assert.deepStrictEqual(yield* about(badField), gone)
      // A message of ours that is wrong, a project that is not there, a token of another project.
      assert.deepStrictEqual(yield* about(refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "bad ttl")), {
        _tag: "Rejected",
        code: "INVALID_ARGUMENT"
      })
      assert.deepStrictEqual(yield* about(refusal(404, "NOT_FOUND", null)), {
        _tag: "Rejected",
        code: "NOT_FOUND"
      })
      assert.deepStrictEqual(yield* about(refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")), {
        _tag: "Rejected",
        code: "SENDER_ID_MISMATCH"
      })
    }))

  it.live("that asks for patience gets as much as it names, or a minute", () =>
    Effect.gen(function*() {
      const full = refusal(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
      const named = yield* resultOf({ ...full, headers: { "retry-after": "17" } })
      assert.deepStrictEqual(named, {
        result: { _tag: "Hold", reason: "rate_limited", retry_after_ms: 17_000 },
        asked: 1
      })
      const unnamed = yield* resultOf(full)
      assert.deepInclude(unnamed.result, { _tag: "Hold", retry_after_ms: 60_000 })
      const away = refusal(503, "UNAVAILABLE", "UNAVAILABLE")
      const resting = yield* resultOf({ ...away, headers: { "retry-after": "5" } })
      assert.deepStrictEqual(resting.result, {
        _tag: "Hold",
        reason: "provider_failing",
        retry_after_ms: 5000
      })
    }))

  it.live("that fails, answers rubbish or is silent may be asked again, but not by the library", () =>
    Effect.gen(function*() {
      const troubles: ReadonlyArray<readonly [Doing, string | null]> = [
        [refusal(500, "INTERNAL", "INTERNAL"), "INTERNAL"],
        [refusal(503, "UNAVAILABLE", "UNAVAILABLE"), "UNAVAILABLE"],
        [refusal(401, "UNAUTHENTICATED", null), "UNAUTHENTICATED"],
        [{ status: 200, body: "<html>" }, null],
        [{ status: 200, body: {} }, "not_their_answer"],
        [{ status: 502, body: "<html>" }, null],
        ["hang up", null],
        ["silence", "no_answer"]
      ]
      for (const [doing, code] of troubles) {
        const { asked, result } = yield* resultOf(doing)
        assert.strictEqual(result._tag, "Failed", JSON.stringify(doing))
        if (code !== null) assert.deepInclude(result, { code })
        assert.strictEqual(asked, 1, JSON.stringify(doing))
      }
    }))

  it.live("is not asked to send anything while the token server refuses us, is silent or broken", () =>
    Effect.gen(function*() {
      const troubles: ReadonlyArray<Doing> = [
        { status: 400, body: { error: "invalid_grant", error_description: "no such account" } },
        { status: 200, body: "<html>" },
        "silence"
      ]
      for (const doing of troubles) {
        const { asked, result } = yield* resultOf(taken, () => doing)
        assert.strictEqual(result._tag, "Failed", JSON.stringify(doing))
        assert.strictEqual(asked, 0)
      }
    }))

  it.live("is not sent a push that timed out while its token was fetched", () => {
    const late = Promise.withResolvers<void>()
    return withGoogle(
      () => taken,
      (send, pushed) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* send, { _tag: "Failed", code: "no_answer" })
          late.resolve()
          assert.deepStrictEqual(yield* send, { _tag: "Sent" })
          assert.lengthOf(pushed, 1)
        }),
      () => ({ ...goodToken, after: late.promise }),
      silentMs
    )
  })

  it.live("stops the start with one plain sentence when its key file is missing or no key file", () =>
    Effect.gen(function*() {
      for (const path of ["/nowhere/key.json", "package.json"]) {
        const error = yield* Effect.flip(Effect.provide(
          Effect.asVoid(Push),
          Firebase.layer({ service_account_path: path }).pipe(Layer.provide(SecureRandom.layerWebCrypto))
        ))
        assert.include(error.message, "FIREBASE_SERVICE_ACCOUNT_PATH is not usable")
        assert.include(error.message, path)
      }
    }))
})
