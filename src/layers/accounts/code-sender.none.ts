// CodeSender of a production server without a provider: nothing is sent and nothing is logged, because there
// a log is no secret. Test numbers still work; they are never sent.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CodeSender } from "../../services/accounts/code-sender.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"

const nobody = new Unavailable({ what: "one-time codes (FAZPASS_ENABLED is false)", retryable: false })

export const layer = Layer.succeed(CodeSender)({ send: () => Effect.fail(nobody) })
