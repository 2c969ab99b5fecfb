// Heartbeat write-back: pings live in the mirror, and the rows learn of them here, one statement a pass.
// Idempotent, only forwards. Without a mirror, or while it is lost, pings go to the rows by themselves.
import * as Effect from "effect/Effect"
import { Mirror } from "../../services/availability/mirror.ts"
import type { Sweep } from "./sweep.ts"

export const heartbeatWriteBack = Effect.fnUntraced(function*(everySeconds: number) {
  const mirror = yield* Mirror
  return {
    name: "heartbeat_write_back",
    every: `${everySeconds} seconds`,
    runOnce: mirror.writeBackHeartbeats
  } satisfies Sweep<unknown, never>
})
