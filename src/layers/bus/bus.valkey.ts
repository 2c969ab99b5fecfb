// Bus, over Valkey pub/sub with Postgres LISTEN/NOTIFY behind it. Runners listen on both; Postgres
// carries what Valkey cannot, down to everything, and signs of life always.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bus } from "../../services/bus/bus.ts"
import { makeLinkedBus } from "./links.ts"
import { makePostgresLink } from "./postgres-link.ts"
import { type BusTimings, busTimings } from "./timings.ts"
import { makeValkeyLink } from "./valkey-link.ts"

export const layerWith = (timings: BusTimings) =>
  Layer.effect(Bus)(
    Effect.flatMap(
      Effect.all([makeValkeyLink, makePostgresLink]),
      (links) => makeLinkedBus(links, timings)
    )
  )

export const layer = layerWith(busTimings)
