// CodeSender for development: the code goes to the log, where the developer reads it. Never to be
// used in production, where a log is no secret.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CodeSender } from "../../services/accounts/code-sender.ts"

export const layer = Layer.succeed(CodeSender)({
  send: (phone, code) => Effect.logInfo(`OTP for ${phone}: ${code}`)
})
