// Bus, over Valkey pub/sub with Postgres LISTEN/NOTIFY behind it. Runners listen on both; Postgres
// carries what Valkey cannot, down to everything, and signs of life always.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bus } from "../../services/bus/bus.ts"
import { makeLinkedBus } from "./links.ts"
import { makePostgresLink } from "./postgres-link.ts"
import { type BusTimings, busTimings } from "./timings.ts"
import type { BusKeys } from "./signed-payloads.ts"
import { makeValkeyLink } from "./valkey-link.ts"

export const layerWith = (keys: BusKeys, timings: BusTimings) =>
  Layer.effect(Bus)(
    Effect.flatMap(
      Effect.all([makeValkeyLink(keys), makePostgresLink]),
      (links) => makeLinkedBus(links, timings)
    )
  )

/** `keys` prove to the other runners whose payloads in Valkey are. */
export const layer = (keys: BusKeys) => layerWith(keys, busTimings)
