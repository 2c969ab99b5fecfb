// The ports that Valkey makes cheaper or wider, with it and without it: bus, rate limits, presence and
// beacon. Availability has a composition of its own (availability.ts).
import * as Layer from "effect/Layer"
import * as Beacon from "../availability/beacon.ts"
import * as BeaconValkey from "../availability/beacon.valkey.ts"
import * as Bus from "../bus/bus.postgres.ts"
import * as BusValkey from "../bus/bus.valkey.ts"
import * as Presence from "../availability/presence.local.ts"
import * as PresenceValkey from "../availability/presence.valkey.ts"
import * as RateLimits from "./rate-limits.local.ts"
import * as RateLimitsValkey from "./rate-limits.valkey.ts"
import { layerOnRealTime } from "../../services/platform/real-time.ts"
import type { Valkey } from "./valkey/connection.ts"

// The bus lives between processes, where time is real.
const without = Layer.mergeAll(layerOnRealTime(Bus.layer), RateLimits.layer, Presence.layer)
const withIt = Layer.mergeAll(layerOnRealTime(BusValkey.layer), RateLimitsValkey.layer, PresenceValkey.layer)

/** Bus, RateLimits and Presence. */
export const layerOver = <E, R>(valkey: Layer.Layer<Valkey, E, R> | null) =>
  valkey === null ? without : Layer.provide(withIt, valkey)

/** Beacon, over Availability and Settings. */
export const layerBeaconOver = <E, R>(valkey: Layer.Layer<Valkey, E, R> | null) =>
  valkey === null ? Beacon.layer : Layer.provide(BeaconValkey.layer, valkey)
