// What the sign-in tests stand on: the memory adapters, a code sender that keeps what it was given,
// and the demo mitra and customer.
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import type { Refusal } from "../../../../src/domain/refusal.ts"
import * as AccessTokens from "../../../../src/http/public/auth/access-tokens.ts"
import type { PhoneAsk } from "../../../../src/http/public/auth/phone-owners.ts"
import * as SignIn from "../../../../src/http/public/auth/sign-in.ts"
import * as VerifyToken from "../../../../src/http/public/auth/verify-token.ts"
import type { Principal } from "../../../../src/http/socket/connection.ts"
import * as BusMemory from "../../../../testkit/memory/bus.memory.ts"
import * as StoresMemory from "../../../../testkit/memory/stores.memory.ts"
import * as Tables from "../../../../testkit/memory/store/tables.ts"
import * as RateLimitsMemory from "../../../../src/layers/platform/rate-limits.local.ts"
import { Bus, type BusEvent, type Topic } from "../../../../src/services/bus/bus.ts"
import { CodeSender } from "../../../../src/services/accounts/code-sender.ts"
import { Unavailable } from "../../../../src/services/platform/unavailable.ts"
import { givenMitra, t0 } from "../../../../testkit/conformance/given.ts"

/** Fake: the phones' inbox. `refuses` makes the provider fail. */
export class Inbox extends Context.Service<Inbox, {
  readonly sent: Array<{ readonly phone: string; readonly code: string }>
  refuses: boolean
}>()("test/Inbox") {}

const inbox = Layer.sync(Inbox)(() => ({ sent: [], refuses: false }))

const sender = Layer.effect(CodeSender)(Effect.map(Inbox, (inbox) => ({
  send: (phone: string, code: string) =>
    Effect.suspend(() => {
      if (inbox.refuses) return Effect.fail(new Unavailable({ what: "fazpass", retryable: true }))
      inbox.sent.push({ phone, code })
      return Effect.void
    })
})))

const adapters = Layer.mergeAll(
  StoresMemory.layer,
  RateLimitsMemory.layer,
  BusMemory.layer
).pipe(Layer.provideMerge(Layer.merge(Tables.layer, SecureRandom.layerWebCrypto)))

const secrets = Redacted.make("a-secret-of-at-least-32-bytes-for-tests")

/** Sign-in as in production unless a dev code is given. */
export const doors = (
  options: { readonly dev_code?: string | null; readonly test_numbers?: boolean } = {}
) =>
  Layer.mergeAll(
    SignIn.layer({ secrets, dev_code: null, test_numbers: false, ...options }),
    VerifyToken.layer
  ).pipe(
    Layer.provideMerge(AccessTokens.layer({ secrets })),
    Layer.provideMerge(sender),
    Layer.provideMerge(Layer.mergeAll(adapters, inbox))
  )

export const given = Effect.gen(function*() {
  yield* TestClock.setTime(t0)
  yield* givenMitra
})

export const phone = "+628110000001"
export const remote_address = "203.0.113.7"

export const signIn = SignIn.SignIn

/** An ask for the demo mitra's phone, on a connection without an identity. */
export const mitraAsk = (phone: string, from = remote_address): PhoneAsk => ({
  phone,
  user_type: "mitra",
  by: null,
  device_key: null,
  remote_address: from
})

export const customerAsk = (phone: string, by: Principal | null = null, from = remote_address): PhoneAsk => ({
  phone,
  user_type: "customer",
  by,
  device_key: null,
  remote_address: from
})

export const codeOf = <A, R>(effect: Effect.Effect<A, Refusal | Unavailable, R>) =>
  Effect.map(Effect.flip(effect), (error) => error._tag === "Refusal" ? error.code : error._tag)

export const lastCode = Effect.map(
  Inbox,
  (inbox) => inbox.sent.at(-1)?.code ?? assert.fail("no code was sent")
)

/** Another code than the one that was sent. */
export const wrongCode = Effect.map(lastCode, (code) => code === "111111" ? "222222" : "111111")

/** What the bus said on a topic while `body` ran. */
export const heardOn = <A, E, R>(topic: Topic, body: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.gen(function*() {
    const queue = yield* (yield* Bus).subscribe([topic])
    const result = yield* body
    const heard: Array<BusEvent> = []
    while ((yield* Queue.size(queue)) > 0) heard.push((yield* Queue.take(queue)).event)
    return { result, heard }
  }))
