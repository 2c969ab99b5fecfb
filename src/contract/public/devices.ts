// Devices: where push notifications for a signed-in person go. A token belongs to the sign-in of the
// connection that registered it, and is silent as soon as that sign-in ends.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "../errors.ts"
import { shortText } from "../fields.ts"

/** Firebase's tokens have about 160 characters today and no promised maximum. */
const PushToken = shortText(1000)

export const DeviceRpcs = RpcGroup.make(
  Rpc.make("devices.register", {
    payload: { token: PushToken, platform: Schema.Literals(["android", "ios"]) },
    success: Schema.Struct({ registered: Schema.Literals([true]) }),
    error: CallError
  }),
  Rpc.make("devices.drop", {
    payload: { token: PushToken },
    success: Schema.Struct({ dropped: Schema.Literals([true]) }),
    error: CallError
  })
)
