// Mirror reseed: heals, once in a while, what the mirror missed without noticing: a change whose runner
// died between commit and notice, or a key that another tool changed.
import * as Effect from "effect/Effect"
import { Mirror } from "../../services/availability/mirror.ts"
import type { Sweep } from "./sweep.ts"

export const mirrorReseed = Effect.fnUntraced(function*(everySeconds: number) {
  const mirror = yield* Mirror
  const runOnce = mirror.reseed.pipe(
    Effect.map(({ drift_found, healed, removed, seeded }) => ({ seeded, removed, drift_found, healed }))
  )
  return { name: "mirror_reseed", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
