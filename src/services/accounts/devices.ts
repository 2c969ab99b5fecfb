// Devices: the push tokens of signed-in people. A token is one phone's, so it belongs to whoever registered
// it last, through the sign-in they did it with; when that sign-in ends the phone hears nothing more.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Side } from "../../domain/session/state.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface DeviceOwner {
  readonly user_type: Side
  readonly user_id: string
}

export interface Device extends DeviceOwner {
  readonly token: string
  readonly platform: "android" | "ios"
  /** The family id of the sign-in. */
  readonly auth_session_id: string
  readonly registered_at: number
}

export class Devices extends Context.Service<Devices, {
  /**
   * Takes the token over from whoever had it. Of this person's other devices those of ended sign-ins go, then
   * the oldest ones beyond `devicesMax`.
   */
  readonly register: (device: Device, devicesMax: number) => Effect.Effect<void, Unavailable>
  /** Nothing happens unless the token is this person's. */
  readonly drop: (owner: DeviceOwner, token: string) => Effect.Effect<void, Unavailable>
  /** The push provider says that this token will never work again. */
  readonly dropInvalid: (token: string) => Effect.Effect<void, Unavailable>
  /** Newest first, only those whose sign-in is live: empty means that this person cannot be pushed to. */
  readonly of: (owner: DeviceOwner) => Effect.Effect<ReadonlyArray<Device>, Unavailable>
}>()("halobestie/services/Devices") {}
