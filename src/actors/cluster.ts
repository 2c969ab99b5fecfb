// Our own composition of Effect's cluster: volatile messages, membership and shard locks in
// Postgres, TCP_NODELAY on both ends, timings tuned so that a killed runner's actors are elsewhere in
// three to four seconds. A runner obeys whoever connects: beyond loopback RUNNER_SECRET stands in front.
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import {
  MessageStorage,
  RunnerAddress,
  RunnerHealth,
  Runners,
  RunnerStorage,
  type ShardId,
  ShardingConfig,
  RunnerServer,
  Sharding,
  SqlRunnerStorage
} from "effect/cluster"
import { RpcClient, RpcSerialization, RpcServer } from "effect/rpc"
import { Socket, type SocketServer } from "effect/socket"
import type { SqlClient } from "effect/sql/SqlClient"
import { stopBudgets } from "../services/platform/stop-budgets.ts"
import * as Reach from "./cluster-reach.ts"
import type { Heartbeats } from "./gone-runners.ts"
import { makeLanes } from "./lane/lanes.ts"
import * as RunnerRegistry from "./runner-registry.ts"
import { makePatient } from "./shard-locks.ts"

export interface RunnerOptions {
  readonly host: string
  readonly port: number
}

// One number for every runner, for ever: it decides which shard an id lives in.
const shardsPerGroup = 300

const tuned = {
  shardsPerGroup,
  shardLockExpiration: Duration.seconds(6),
  shardLockRefreshInterval: Duration.millis(1500),
  refreshAssignmentsInterval: Duration.millis(500),
  runnerHealthCheckInterval: Duration.seconds(1),
  entityTerminationTimeout: Duration.millis(stopBudgets.entity_termination_ms),
  sendRetryInterval: Duration.millis(100),
  // Nothing is polled (messages are volatile), but this is also how long a shard loop that hit a database
  // error rests: at its default of 10 s a dropped connection would silence every actor for that long.
  entityMessagePollInterval: Duration.millis(500),
  maxResidentEntities: 60_000,
  simulateRemoteSerialization: false
}

/** How runners reach each other, and where they agree on who owns what. */
export interface Substrate<E, R> {
  readonly address: RunnerAddress.RunnerAddress
  readonly listen: Layer.Layer<SocketServer.SocketServer, E, R>
  readonly connect: (to: RunnerAddress.RunnerAddress) => Effect.Effect<Socket.Socket>
  readonly storage: Layer.Layer<RunnerStorage.RunnerStorage, E, R>
  /** Who is well, and whether this runner has a part. */
  readonly health: Layer.Layer<
    RunnerHealth.RunnerHealth,
    never,
    R | Runners.Runners | RunnerStorage.RunnerStorage
  >
  /** How calls become bytes; as shipped unless given. */
  readonly serialization?: Layer.Layer<RpcSerialization.RpcSerialization>
}

/** Where nobody is cut off: who answers is well. */
export const healthByPing: Substrate<never, never>["health"] = RunnerHealth.layerPing

const clientProtocol = (connect: Substrate<never, never>["connect"]) =>
  Layer.effect(Runners.RpcClientProtocol)(
    Effect.gen(function*() {
      const serialization = yield* RpcSerialization.RpcSerialization
      return {
        codecFor: serialization.codecFor,
        make: Effect.fnUntraced(function*(address) {
          return yield* RpcClient.makeProtocolSocket().pipe(
            Effect.provideService(Socket.Socket, yield* connect(address)),
            Effect.provideService(RpcSerialization.RpcSerialization, serialization)
          )
        }, Effect.orDie)
      }
    })
  )

/** Sharding over any network and any storage; the timings are the same everywhere unless given. */
export const layerOver = <E, R>(
  substrate: Substrate<E, R>,
  timings: Partial<ShardingConfig.ShardingConfig["Service"]> = {}
) => {
  const protocol = clientProtocol(substrate.connect)
  const lanes = makeLanes(substrate.connect)
  return RunnerServer.layer.pipe(
    Layer.provideMerge(Sharding.layer),
    Layer.provideMerge(lanes.layerRunners),
    Layer.merge(lanes.layer),
    // Until Sharding has given its actors away, the others are told where to.
    Layer.provide(RpcServer.layerProtocolSocketServer),
    Layer.provide([lanes.layerListening.pipe(Layer.provide(substrate.listen)), protocol]),
    Layer.provideMerge(substrate.health.pipe(Layer.provide(Runners.layerRpc), Layer.provide(protocol))),
    Layer.provideMerge(MessageStorage.layerNoop),
    Layer.merge(RunnerRegistry.layer(substrate.address)),
    Layer.provide(substrate.storage),
    Layer.provide(
      ShardingConfig.layer({ ...tuned, ...timings, runnerAddress: Option.some(substrate.address) })
    ),
    Layer.provide(substrate.serialization ?? RpcSerialization.layerSchemaBinary())
  )
}

/** Locks in Postgres, kept while they last; a runner gets actors when another one has found it. */
const storage = (reach: Reach.Reach, held: Map<string, ShardId.ShardId>) =>
  Layer.effect(RunnerStorage.RunnerStorage)(
    Effect.gen(function*() {
      const patient = yield* makePatient(yield* RunnerStorage.RunnerStorage, held)
      return Reach.joiningUnproven(patient, reach)
    })
  ).pipe(Layer.provide(SqlRunnerStorage.layerStorage({})))

/** How runners listen and dial, and the door that a runner without a part closes. */
export interface RunnerSockets {
  readonly door: Reach.Door
  readonly listen: (
    at: RunnerOptions
  ) => Layer.Layer<SocketServer.SocketServer, SocketServer.SocketServerError>
  readonly connect: (to: RunnerOptions) => Effect.Effect<Socket.Socket>
}

/** Runners that meet over TCP and in Postgres. Needs direct sessions (no transaction-mode pooler). */
export const overTcp = (
  options: RunnerOptions,
  sockets: RunnerSockets,
  heartbeats: Effect.Effect<Heartbeats, unknown, SqlClient>
): Substrate<SocketServer.SocketServerError, SqlClient | ShardingConfig.ShardingConfig> => {
  const address = RunnerAddress.make(options.host, options.port)
  const reach = Reach.makeReach(RunnerRegistry.writtenAddress(address))
  const held = new Map<string, ShardId.ShardId>()
  return {
    address,
    listen: sockets.listen(options),
    connect: sockets.connect,
    storage: storage(reach, held),
    health: Reach.layer(address, reach, sockets.door, held, heartbeats)
  }
}
