// The push worker on memory adapters, its phones and its provider in the test's hand. Rows come from real
// turns; time is virtual and begins at t0.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { pushes } from "../../src/actors/sweeps/pushes.ts"
import * as Availability from "../../testkit/memory/availability.memory.ts"
import * as StoresMemory from "../../testkit/memory/stores.memory.ts"
import * as Tables from "../../testkit/memory/store/tables.ts"
import * as PushMemory from "../../testkit/memory/push.memory.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Presence } from "../../src/services/availability/presence.ts"
import type { PushResult } from "../../src/services/push/push.ts"
import { hour, t0 } from "../../testkit/conformance/given.ts"
import * as Stage from "../../testkit/conformance/stage.ts"
import * as Written from "../../testkit/conformance/written.ts"

/** Whose app is open; and what happens in the very moment in which the worker asks for it. */
export class Sockets extends Context.Service<Sockets, {
  readonly open: Set<string>
  meanwhile: Effect.Effect<void>
}>()("halobestie/test/Sockets") {}

const sockets = Layer.sync(Sockets)(() => ({ open: new Set<string>(), meanwhile: Effect.void }))

const presence = Layer.effect(Presence)(
  Effect.map(Sockets, (all) =>
    Presence.of({
      setSilent: () => Effect.void,
      register: () => Effect.void,
      isConnected: ({ user_id }) => Effect.suspend(() => Effect.as(all.meanwhile, all.open.has(user_id)))
    }))
)

export const pushWorld = Layer.mergeAll(
  StoresMemory.layer,
  Availability.layer,
  PushMemory.layer,
  Written.layerMemory,
  presence,
  Layer.succeed(References.MinimumLogLevel)("None")
).pipe(Layer.provideMerge(Layer.mergeAll(Tables.layer, SecureRandom.layerWebCrypto, sockets)))

/** One pass of the worker now. */
export const pass = Effect.flatMap(pushes(1), ({ runOnce }) => runOnce)

/** The same at this instant. */
export const passAt = (now: number) => Effect.andThen(TestClock.setTime(now), pass)

/** Phone `n` of this person, with a sign-in of its own. */
export const phone = Effect.fnUntraced(function*(user_type: "customer" | "mitra", user_id: string, n = 1) {
  const family = `${user_id.slice(0, 24)}${n.toString(16).padStart(4, "0")}${user_id.slice(28)}`
  const user = { user_type, user_id }
  yield* (yield* SignIns).open({
    ...user,
    id: family,
    family_id: family,
    refresh_hash: `hash-${family}`,
    created_at: t0,
    expires_at: t0 + hour
  }, { only_one: false })
  const token = `${user_id}/phone-${n}`
  yield* (yield* Accounts).registerDevice({
    ...user,
    token,
    platform: "android",
    auth_session_id: family,
    registered_at: t0 + n
  }, 10)
  return token
})

/** Request 1, offered to mitra 1 (who has one phone) at t0 + 10, for a minute less these 10 ms. */
export const offered = Effect.gen(function*() {
  yield* Stage.givenMitras(1)
  const owner = yield* Stage.givenRequest(1)
  yield* Stage.offer(owner, t0 + 10, 1)
  yield* phone("mitra", Stage.mitra(1))
  return owner
})

export const answering = Effect.fnUntraced(function*(
  decide: (token: string, nth: number) => PushResult | Effect.Effect<PushResult>
) {
  const provider = yield* PushMemory.PushProvider
  provider.answer = ({ token }, nth) => {
    const decided = decide(token, nth)
    return Effect.isEffect(decided) ? decided : Effect.succeed(decided)
  }
})

export const asked = Effect.map(PushMemory.PushProvider, (found) => found.asked)

export const rowOf = (kind: string) =>
  Effect.map(
    Tables.MemoryTables,
    (tables) => [...tables.push_outbox.values()].findLast((row) => row.kind === kind)
  )
