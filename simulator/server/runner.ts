// One runner of the world: the real actors, cluster, sweeps, handlers and socket protocol in a simulated
// process. It is src/server.ts on a simulated platform: sockets, stores, providers and cryptography.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { RunnerAddress } from "effect/cluster"
import { ActorLimitsInForce } from "../../src/actors/actor-limits.ts"
import * as Cluster from "../../src/actors/cluster.ts"
import { RunnerStorage } from "effect/cluster/RunnerStorage"
import { SecureRandom } from "effect/crypto"
import { HttpClient, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { NetAddress } from "effect/net"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { SocketServer } from "effect/socket"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import { FeedLimitsInForce } from "../../src/http/public/events/feed-limits.ts"
import * as Internal from "../../src/http/internal/internal.ts"
import { quotas } from "../../src/http/public/quotas.ts"
import { layerDrain, layerSocketServer } from "../../src/http/listener.ts"
import { Limits, WireClock } from "../../src/http/socket/limits.ts"
import { makeHandshake } from "../../src/http/socket/upgrade.ts"
import * as Webhooks from "../../src/http/public/webhooks.ts"
import { Valkey } from "../../src/layers/platform/valkey/connection.ts"
import { type Product, type PublicRoutes, server } from "../../src/server.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import * as Shutdown from "../../src/layers/platform/shutdown.process.ts"
import * as Clock from "effect/Clock"
import type { Process } from "../kernel/process.ts"
import type { RunnerNetwork } from "../network/runner-network.ts"
import { runnerStorage } from "../stores/leases.ts"
import type { Stores } from "../stores/stores.ts"
import { layerPasswords, layerTokens } from "./identities.ts"
import { broken } from "./mutation.ts"
import * as Ports from "./ports.ts"
import { versionBefore } from "./previous-contract.ts"

export const devCode = "000000"
export const webhookToken = "the simulated provider"
export const heartbeatEverySeconds = 30

const secrets = Redacted.make("not used: tokens are signed by the simulation's own layer")

/** Nobody outside the world can be asked. */
const unreachable = Layer.succeed(HttpClient.HttpClient)(
  HttpClient.make(() => Effect.die(new Error("a simulated server reaches nobody over HTTP")))
)

/** How a socket enters a listener; see upgrade.ts. */
export type Handshake = Effect.Success<typeof makeHandshake>

export interface Doors {
  readonly public: Handshake
  readonly internal: Handshake
  /** Plain HTTP on the public listener: the payment provider's webhooks. */
  readonly http: Effect.Effect<
    HttpServerResponse.HttpServerResponse,
    unknown,
    HttpServerRequest.HttpServerRequest | Scope.Scope
  >
}

class PublicDoor extends Context.Service<PublicDoor, Handshake>()("halobestie/simulation/PublicDoor") {}
class InternalDoor extends Context.Service<InternalDoor, Handshake>()("halobestie/simulation/InternalDoor") {}

/** In the middle of a deploy runners of both are at work. */
export type Version = "this" | "before"

export interface RunnerOptions {
  readonly host: string
  readonly process: Process
  readonly network: RunnerNetwork
  readonly stores: Stores
  readonly version: Version
  /** The process sends itself SIGTERM. */
  readonly terminate: () => void
}

/** The network between runners, and their leases. */
const runnersOf = ({ host, network, process, stores, version }: RunnerOptions) => {
  const listen = Layer.succeed(SocketServer.SocketServer)({
    address: NetAddress.unixPathAddress(host),
    run: (handler) =>
      Effect.flatMap(Effect.context<never>(), (context) =>
        Effect.suspend(() => {
          const fork = Effect.runForkWith(context as Context.Context<any>)
          network.listen(
            host,
            (socket) => void fork(Effect.scoped(handler(socket) as Effect.Effect<unknown>))
          )
          return Effect.never
        }))
  })
  return Effect.succeed({
    address: RunnerAddress.make(host, 1),
    listen,
    connect: (to: RunnerAddress.RunnerAddress) => Effect.sync(() => network.socket(host, to.host)),
    storage: Layer.sync(RunnerStorage)(() => runnerStorage(stores.leases, stores.postgres, process)),
    health: Cluster.healthByPing,
    ...(version === "before" ? { serialization: versionBefore } : {})
  })
}

const publicListener = (routes: PublicRoutes) =>
  Layer.fresh(
    Layer.merge(layerDrain, routes).pipe(
      Layer.provideMerge(layerSocketServer(Layer.effect(PublicDoor)(makeHandshake), PublicApi)),
      Layer.provideMerge(HttpRouter.layer)
    )
  )

const internalListener = Layer.fresh(
  layerSocketServer(Layer.effect(InternalDoor)(makeHandshake), Internal.gatedApi)
)

const platformOf = (options: RunnerOptions, random: SecureRandom.SecureRandom["Service"]) => {
  const { process, stores } = options
  const { limits } = stores
  const real = stores.real?.portsOf(process)
  return {
    clock: Layer.mergeAll(
      Layer.effect(WireClock)(Clock.Clock),
      Layer.succeed(Limits)({ ...limits.sockets, watch_every_ms: stores.timings.watch_every_ms }),
      Layer.succeed(ActorLimitsInForce)(limits.actors),
      Layer.succeed(FeedLimitsInForce)(limits.feed)
    ),
    random: Layer.succeed(SecureRandom.SecureRandom)(random),
    signals: Shutdown.layerStopping(Effect.sync(options.terminate)),
    database: Layer.succeed(MemoryTables)(stores.tables),
    load: Layer.empty,
    watch: Layer.empty,
    stores: real?.stores ?? Ports.stores(stores, process),
    availability: real?.availability ?? Ports.availability(stores, process),
    bus: Ports.bus(stores, process),
    presence: stores.presence.layerOf(process),
    valkey: stores.valkey === null
      ? null
      : Layer.sync(Valkey)(() => stores.valkey!.serviceOf(process)),
    http_client: unreachable,
    overlay: stores.mutation === null ? null : broken(stores.mutation, stores.tables),
    providers: Ports.providers(stores, process),
    cryptography: Layer.merge(layerTokens, layerPasswords),
    network: {
      runners: runnersOf(options),
      public: publicListener,
      internal: internalListener
    }
  }
}

const productOf = ({ timings }: Stores): Product => ({
  secrets,
  dev_code: devCode,
  test_numbers: true,
  heartbeat_every_seconds: heartbeatEverySeconds,
  trusted_proxy_hops: 0,
  quotas,
  webhooks: Webhooks.layer({ tokens: Redacted.make(webhookToken) }),
  checkout_curl: null,
  time_zone: "UTC",
  sampling: false,
  sweeps: timings.sweeps,
  cluster: timings.cluster
})

/** Starts the runner in `scope`: closing it is SIGTERM. Dies where a real start would fail. */
export const startRunner = (options: RunnerOptions, scope: Scope.Closeable) =>
  Effect.gen(function*() {
    const platform = platformOf(options, yield* SecureRandom.SecureRandom)
    const context = yield* Layer.buildWithScope(server(platform, productOf(options.stores)), scope)
    const doors: Doors = {
      public: Context.get(context, PublicDoor),
      internal: Context.get(context, InternalDoor),
      http: Context.get(context, HttpRouter.HttpRouter).asHttpEffect()
    }
    return doors
  })

/** SIGTERM; answers when everything below has let go. */
export const stopRunner = (scope: Scope.Closeable) => Scope.close(scope, Exit.void)
