// Mirror, where there is none: Postgres alone (or memory) serves, and there is nothing to see or to heal.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Mirror } from "../../../services/availability/mirror.ts"

export const layer = Layer.succeed(Mirror)({
  status: Effect.succeed({
    state: "off",
    connected_since: null,
    latency_ms: null,
    last_error: null,
    last_seed: null,
    fallbacks: 0,
    writes_lost: 0,
    drift_found: 0,
    drift_healed: 0,
    drift: null
  }),
  reseed: Effect.succeed({ at: 0, took_ms: 0, seeded: 0, removed: 0, drift_found: 0, healed: 0 }),
  writeBackHeartbeats: Effect.succeed({ read: 0, written: 0 })
})
