// Handlers of the device calls: a push token is registered for the connection's person and sign-in.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { DeviceRpcs } from "../../../contract/public/devices.ts"
import { Accounts } from "../../../services/accounts/accounts.ts"
import { Bus } from "../../../services/bus/bus.ts"
import type { UserType } from "../../../services/accounts/sign-ins.ts"
import { Availability } from "../../../services/availability/availability.ts"
import { currentSignIn } from "../auth/caller.ts"
import { answering } from "./answering.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"

/** A person has a phone or two; the rest are forgotten installations. */
const devicesMax = 10

/** Whether a push can reach her is part of what a mirror knows of a mitra. */
const toldOfDevices = Effect.fnUntraced(function*(userType: UserType, userId: string) {
  if (userType === "mitra") yield* (yield* Availability).changed([userId])
})

const register = Effect.fnUntraced(
  function*(payload: { readonly token: string; readonly platform: "android" | "ios" }) {
    const { auth_session_id, user_id, user_type } = yield* currentSignIn
    const registered_at = yield* Clock.currentTimeMillis
    const before = yield* (yield* Accounts).registerDevice(
      { ...payload, user_type, user_id, auth_session_id, registered_at },
      devicesMax
    )
    // Two people may share a phone; or somebody found out a token. Its phone then takes it back.
    if (before !== null) {
      yield* toldOfDevices(before.user_type, before.user_id)
      const topic = `${before.user_type}:${before.user_id}` as const
      yield* (yield* Bus).publish([{ topic, event: { _tag: "DeviceMoved", at: registered_at } }])
    }
    yield* toldOfDevices(user_type, user_id)
    return { registered: true } as const
  }
)

const drop = Effect.fnUntraced(function*(token: string) {
  const { user_id, user_type } = yield* currentSignIn
  yield* (yield* Accounts).dropDevice({ user_type, user_id }, token)
  yield* toldOfDevices(user_type, user_id)
  return { dropped: true } as const
})

export const layer = DeviceRpcs.toLayer({
  "devices.register": (payload) => answering(inShare("strangers")(register(payload))),
  "devices.drop": ({ token }) => answering(inShare("strangers")(drop(token)))
})
