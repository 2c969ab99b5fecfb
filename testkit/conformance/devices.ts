// What every Accounts adapter must do with devices: a token is one person's, through one sign-in, and there
// are never many.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Accounts, type Device } from "../../src/services/accounts/accounts.ts"
import { atOnce, customerId, hour, idOf, t0, times } from "./given.ts"

const sari = { user_type: "customer" as const, user_id: customerId }
const budi = { user_type: "customer" as const, user_id: idOf(0xc2) }
const devicesMax = 3

const signIn = (n: number, user: typeof sari) =>
  Effect.flatMap(SignIns, (port) =>
    port.open({
      ...user,
      id: idOf(n),
      family_id: idOf(n),
      refresh_hash: `hash-${n}`,
      created_at: t0,
      expires_at: t0 + hour
    }, { only_one: false }))

const device = (n: number, user: typeof sari, family: number, token = `token-${n}`): Device => ({
  ...user,
  token,
  platform: n % 2 === 0 ? "android" : "ios",
  auth_session_id: idOf(family),
  registered_at: t0 + n
})

const register = (one: Device) => Effect.flatMap(Accounts, (port) => port.registerDevice(one, devicesMax))
const tokensOf = (user: typeof sari) =>
  Effect.map(
    Effect.flatMap(Accounts, (port) => port.devicesOf(user)),
    (found) => found.map((one) => one.token)
  )

export const devices = (name: string, layer: Layer.Layer<Accounts | SignIns>) =>
  describe(`Accounts, devices (${name})`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, Accounts | SignIns>) =>
      it.live(title, () => Effect.provide(body, layer))

    test(
      "a registered device is found as it was registered, newest first, and again is the same one",
      Effect.gen(function*() {
        yield* signIn(1, sari)
        yield* register(device(1, sari, 1))
        yield* register(device(2, sari, 1))
        assert.deepStrictEqual(yield* (yield* Accounts).devicesOf(sari), [
          device(2, sari, 1),
          device(1, sari, 1)
        ])
        yield* register(device(3, sari, 1, "token-1"))
        assert.deepStrictEqual(yield* tokensOf(sari), ["token-1", "token-2"])
        assert.deepStrictEqual(yield* tokensOf(budi), [])
      })
    )

    test(
      "a token that another person registers is theirs alone from then on",
      Effect.gen(function*() {
        yield* signIn(1, sari)
        yield* signIn(2, budi)
        yield* register(device(1, sari, 1))
        assert.deepStrictEqual(yield* register(device(2, budi, 2, "token-1")), sari)
        assert.isNull(yield* register(device(2, budi, 2, "token-1")), "it is theirs already")
        assert.deepStrictEqual(yield* tokensOf(sari), [])
        assert.deepStrictEqual(yield* tokensOf(budi), ["token-1"])
        yield* (yield* SignIns).revokeFamily(idOf(2), "signed_out", t0)
        assert.isNull(yield* register(device(3, sari, 1, "token-1")), "nobody is left to be told")
      })
    )

    test(
      "a device is silent from the moment its sign-in ends, and makes room for others",
      Effect.gen(function*() {
        yield* signIn(1, sari)
        yield* signIn(2, sari)
        yield* register(device(1, sari, 2))
        for (const n of [2, 3]) yield* register(device(n, sari, 1))
        yield* (yield* SignIns).revokeFamily(idOf(1), "signed_out", t0)
        assert.deepStrictEqual(yield* tokensOf(sari), ["token-1"])
        for (const n of [4, 5]) yield* register(device(n, sari, 2))
        assert.deepStrictEqual(yield* tokensOf(sari), ["token-5", "token-4", "token-1"])
        yield* register(device(6, sari, 9))
        assert.notInclude(yield* tokensOf(sari), "token-6", "no such sign-in")
      })
    )

    test(
      "of too many devices the oldest go, also when many come at once",
      Effect.gen(function*() {
        yield* signIn(1, sari)
        yield* signIn(2, budi)
        yield* register(device(50, budi, 2))
        for (const n of times(4)) yield* register(device(n + 1, sari, 1))
        assert.deepStrictEqual(yield* tokensOf(sari), ["token-4", "token-3", "token-2"])
        yield* atOnce(times(8).map((n) => register(device(n + 10, sari, 1))))
        assert.lengthOf(yield* tokensOf(sari), devicesMax)
        assert.deepStrictEqual(yield* tokensOf(budi), ["token-50"])
      })
    )

    test(
      "only its person drops a device; a token the provider calls invalid goes for anybody",
      Effect.gen(function*() {
        const port = yield* Accounts
        yield* signIn(1, sari)
        yield* register(device(1, sari, 1))
        yield* register(device(2, sari, 1))
        yield* port.dropDevice(budi, "token-1")
        assert.lengthOf(yield* tokensOf(sari), 2)
        yield* port.dropDevice(sari, "token-1")
        yield* port.dropDevice(sari, "token-1")
        assert.deepStrictEqual(yield* tokensOf(sari), ["token-2"])
        yield* port.dropInvalidDevice("token-2")
        yield* port.dropInvalidDevice("token-2")
        assert.deepStrictEqual(yield* tokensOf(sari), [])
      })
    )
  })
