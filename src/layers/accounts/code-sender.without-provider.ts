// CodeSender of a server without a provider. In development the code goes to the log, where the developer
// reads it; in production nothing is sent and nothing is logged, because there a log is no secret. Test
// numbers still work in both: they are never sent.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CodeSender } from "../../services/accounts/code-sender.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"

const noProvider = new Unavailable({ what: "one-time codes (FAZPASS_ENABLED is false)", retryable: false })

export const layerLog = Layer.succeed(CodeSender)({
  send: (phone, code) => Effect.logInfo(`OTP for ${phone}: ${code}`)
})

export const layerNone = Layer.succeed(CodeSender)({ send: () => Effect.fail(noProvider) })
