// Bus, over Postgres LISTEN/NOTIFY alone: between runners when there is no Valkey.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bus } from "../../services/bus/bus.ts"
import { makeLinkedBus } from "./links.ts"
import { makePostgresLink } from "./postgres-link.ts"
import { type BusTimings, busTimings } from "./timings.ts"

export const layerWith = (timings: BusTimings) =>
  Layer.effect(Bus)(Effect.flatMap(makePostgresLink, (link) => makeLinkedBus([link], timings)))

export const layer = layerWith(busTimings)
