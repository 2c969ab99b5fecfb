// The ports that Valkey makes cheaper or wider, with it and without it: bus, rate limits, presence and
// beacon. Availability has a composition of its own (availability.ts).
import * as Layer from "effect/Layer"
import * as Beacon from "../availability/beacon.ts"
import * as BeaconValkey from "../availability/beacon.valkey.ts"
import * as Bus from "../bus/bus.postgres.ts"
import * as BusValkey from "../bus/bus.valkey.ts"
import type { BusKeys } from "../bus/signed-payloads.ts"
import * as PresenceValkey from "../availability/presence.valkey.ts"
import type { Presence } from "../../services/availability/presence.ts"
import * as RateLimits from "./rate-limits.local.ts"
import * as RateLimitsValkey from "./rate-limits.valkey.ts"
import { layerOnRealTime } from "../../services/platform/real-time.ts"
import type { Valkey } from "./valkey/connection.ts"

const withIt = Layer.merge(RateLimitsValkey.layer, PresenceValkey.layer)

/** RateLimits and Presence; without Valkey, presence is what runners know otherwise. */
export const layerOver = <E, R>(
  valkey: Layer.Layer<Valkey, E, R> | null,
  presence: Layer.Layer<Presence>
) => valkey === null ? Layer.merge(RateLimits.layer, presence) : Layer.provide(withIt, valkey)

/** Bus. It lives between processes, where time is real. */
export const layerBusOver = <E, R>(valkey: Layer.Layer<Valkey, E, R> | null, keys: BusKeys) =>
  valkey === null
    ? layerOnRealTime(Bus.layer)
    : layerOnRealTime(BusValkey.layer(keys)).pipe(Layer.provide(valkey))

/** Beacon, over Availability and Settings. */
export const layerBeaconOver = <E, R>(valkey: Layer.Layer<Valkey, E, R> | null) =>
  valkey === null ? Beacon.layer : Layer.provide(BeaconValkey.layer, valkey)
