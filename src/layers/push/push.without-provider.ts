// Push of a server without a provider. In development what would be sent goes to the log, without the
// token; in production nothing is tried, so that no row ends as sent that was not: the outbox lets them
// expire, and staff see "none".
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Push } from "../../services/push/push.ts"

export const layerLog = Layer.succeed(Push)({
  provider: "log",
  send: ({ collapse_id, data, title, ttl_ms }) =>
    Effect.logInfo(`push: ${title}`).pipe(
      Effect.annotateLogs({ collapse_id, expires_at: data["expires_at"], ttl_ms }),
      Effect.as({ _tag: "Sent" } as const)
    )
})

export const layerNone = Layer.succeed(Push)({
  provider: "none",
  send: () => Effect.succeed({ _tag: "Failed", code: "no_provider" })
})
