// What outlives every runner of a world: the database with its rows and leases, and the channels that
// carry the bus.
import type { Tables } from "../../testkit/memory/store/tables.ts"
import type { SecureRandom } from "effect/crypto"
import type * as Layer from "effect/Layer"
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import type { SweepCadence } from "../../src/actors/supervision.ts"
import type { BusTimings } from "../../src/layers/bus/timings.ts"
import type { Rows } from "../../src/layers/availability/availability.ts"
import type { StorePorts } from "../../src/services/ports.ts"
import type { World } from "../world.ts"
import type { SmallLimits } from "../faults/small-limits.ts"
import type { TurnWrite } from "../../src/services/journal/journal.ts"
import type { Process } from "../kernel/process.ts"
import type { Channel } from "../network/channel.ts"
import type { Mutation } from "../server/mutation.ts"
import type { Leases } from "./leases.ts"
import type { SharedPresence } from "./presence.ts"
import type { PaymentBooks } from "./payment-books.ts"
import type { PushService } from "./push-service.ts"
import type { Store } from "./store.ts"
import type { SimulatedValkey } from "../valkey/simulated-valkey.ts"

/** How often the server's own background work runs; where nothing is injected it may run less often. */
export interface Timings {
  readonly bus: Partial<BusTimings>
  readonly cluster: Partial<ShardingConfig["Service"]>
  /** How long the database keeps the locks of a silent runner; the cluster's shardLockExpiration. */
  readonly lease_ms: number
  readonly sweeps: SweepCadence
  /** How often sockets are checked for silence, pings and expired tokens. */
  readonly watch_every_ms: number
  /** A request to a store is one step with its answer: only where a lone runner asks. */
  readonly nearStores: boolean
}

/** Sees every turn that reached the database, as its runner sent it, and whether it was written. */
export interface TurnWitness {
  onTurn: (turn: TurnWrite, isWritten: boolean, by: Process) => void
}

/** Ports over a real database, behind the simulated way to it; see postgres/. */
export interface RealStores {
  /** Over when something that is under way has ended. */
  readonly settled: () => Promise<void>
  /** Fills the tables that rules read from what the database holds at the start. */
  readonly begin: (world: World) => void
  /** The server's own Postgres adapters, as this process reaches them. */
  readonly portsOf: (process: Process) => RealPorts
}

export interface RealPorts {
  readonly stores: Layer.Layer<StorePorts, never, SecureRandom.SecureRandom>
  readonly availability: Rows<never>
}

export interface Stores {
  readonly postgres: Store
  readonly tables: Tables
  /** Null: the world has none, and Postgres serves alone. */
  readonly valkey: SimulatedValkey | null
  readonly leases: Leases
  readonly presence: SharedPresence
  readonly push: PushService
  readonly books: PaymentBooks
  /** In the order of preference. */
  readonly channels: ReadonlyArray<Channel>
  readonly timings: Timings
  readonly witness: TurnWitness
  /** The guard that this run breaks on purpose; null for a sound server. */
  readonly mutation: Mutation | null
  /** As shipped, but in worlds that stand at their edges. */
  readonly limits: SmallLimits
  /** Null: what is behind `postgres` are the tables. */
  readonly real: RealStores | null
}
