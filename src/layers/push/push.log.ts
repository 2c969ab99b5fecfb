// Push for development: what would be sent goes to the log, without the token.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Push } from "../../services/push/push.ts"

export const layer = Layer.succeed(Push)({
  provider: "log",
  send: ({ collapse_id, data, title, ttl_ms }) =>
    Effect.logInfo(`push: ${title}`).pipe(
      Effect.annotateLogs({ collapse_id, expires_at: data["expires_at"], ttl_ms }),
      Effect.as({ _tag: "Sent" } as const)
    )
})
