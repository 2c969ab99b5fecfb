// What outlives every runner of a world: the database with its rows and leases, and the channels that
// carry the bus.
import type { Tables } from "../../layers/memory/tables.ts"
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import type { SweepCadence } from "../../actors/supervision.ts"
import type { BusTimings } from "../../layers/bus/timings.ts"
import type { Channel } from "../network/channel.ts"
import type { Leases } from "./leases.ts"
import type { SharedPresence } from "./presence.ts"
import type { Store } from "./store.ts"
import type { SimulatedValkey } from "./valkey.ts"

/** How often the server's own background work beats; a calm world may let it beat slower. */
export interface Pace {
  readonly bus: Partial<BusTimings>
  readonly cluster: Partial<ShardingConfig["Service"]>
  readonly sweeps: SweepCadence
}

export interface Stores {
  readonly postgres: Store
  readonly tables: Tables
  /** Null: the world has none, and Postgres serves alone. */
  readonly valkey: SimulatedValkey | null
  readonly leases: Leases
  readonly presence: SharedPresence
  /** In the order of preference. */
  readonly channels: ReadonlyArray<Channel>
  readonly pace: Pace
}
