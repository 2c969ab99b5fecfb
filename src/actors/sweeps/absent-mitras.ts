// Absent mitras: running chats whose mitra is deactivated, or has been offline for too long, are proposed to
// staff; those whose mitra is back are not any more. Each session looks once more before it decides.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SessionOversight } from "../../services/sessions/session-oversight.ts"
import { Settings } from "../../services/settings/settings.ts"
import { SessionActors } from "../session/protocol.ts"
import { countEach, type Sweep } from "./sweep.ts"
import { asSystem } from "../turn-call.ts"
import { rowsPerPass } from "../actor-limits.ts"

const rowsMax = 500
const concurrency = 8

export const absentMitras = Effect.fnUntraced(function*(everySeconds: number) {
  const batch = yield* rowsPerPass(rowsMax)
  const oversight = yield* SessionOversight
  const settings = yield* Settings
  const actors = yield* SessionActors

  const check = (sessionId: string) =>
    Effect.as(actors.run(sessionId, asSystem({ _tag: "CheckMitra" })), true)

  const runOnce = Effect.gen(function*() {
    const { reroute_propose_after_seconds: seconds } = yield* settings.current
    const now = yield* Clock.currentTimeMillis
    const ids = yield* oversight.withoutMitra(now - seconds * 1000, batch)
    const failed = "chat not told about its mitra"
    const checked = yield* countEach(ids, { concurrency, failed }, check)
    return { withoutMitra: ids.length, checked, failed: ids.length - checked }
  })

  return { name: "absent_mitras", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
