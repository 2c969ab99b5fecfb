// Push of a production server without a provider: nothing is tried, so that no row ends as sent that was not.
// The outbox lets them expire, and staff see "none".
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Push } from "../../services/push/push.ts"

export const layer = Layer.succeed(Push)({
  provider: "none",
  send: () => Effect.succeed({ _tag: "Failed", code: "no_provider" })
})
