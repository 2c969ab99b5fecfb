// Everything phones may call: the handlers of the public listener and what signs people in.
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as SignIn from "./auth/sign-in.ts"
import * as VerifyToken from "./auth/verify-token.ts"
import * as AccountHandlers from "./handlers/account.ts"
import * as AuthHandlers from "./handlers/auth.ts"
import * as ChatHandlers from "./handlers/chat.ts"
import * as CustomerHandlers from "./handlers/customer.ts"
import * as DeviceHandlers from "./handlers/devices.ts"
import * as EventHandlers from "./handlers/events.ts"
import * as MitraHandlers from "./handlers/mitra.ts"
import * as TrustHandlers from "./handlers/trust.ts"
import * as Participants from "./participants.ts"

export interface PublicHandlersOptions {
  readonly secrets: Redacted.Redacted
  readonly dev_code: string | null
  readonly test_numbers: boolean
  readonly heartbeat_every_seconds: number
}

export const layerPublicHandlers = (options: PublicHandlersOptions) =>
  Layer.mergeAll(
    AccountHandlers.layer,
    AuthHandlers.layer,
    CustomerHandlers.layer,
    MitraHandlers.layer(options),
    ChatHandlers.layer,
    DeviceHandlers.layer,
    TrustHandlers.layer,
    EventHandlers.layer(options)
  ).pipe(
    Layer.provide(Participants.layer),
    Layer.provideMerge(SignIn.layer(options)),
    Layer.provideMerge(VerifyToken.layer)
  )
