// One runner of the world: the real actors, cluster, sweeps, handlers and socket protocol in a simulated
// process. Built like main.ts builds them; only sockets, stores and cryptography are simulated.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { RunnerAddress } from "effect/cluster"
import { RunnerStorage } from "effect/cluster/RunnerStorage"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { NetAddress } from "effect/net"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { SocketServer } from "effect/socket"
import * as Cluster from "../../src/actors/cluster.ts"
import * as Supervision from "../../src/actors/supervision.ts"
import { Milestones } from "../../src/actors/sweeps/milestones.ts"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import * as ThisRunner from "../../src/http/internal/this-runner.ts"
import * as Internal from "../../src/http/internal/internal.ts"
import { layerDrain, layerSocketServer } from "../../src/http/listener.ts"
import { Limits, publicLimits, WireClock } from "../../src/http/socket/limits.ts"
import { layerPublicHandlers } from "../../src/http/public/public-handlers.ts"
import * as Readiness from "../../src/http/readiness.ts"
import { makeHandshake } from "../../src/http/socket/upgrade.ts"
import * as Webhooks from "../../src/http/public/webhooks.ts"
import * as Shutdown from "../../src/layers/platform/shutdown.process.ts"
import * as Clock from "effect/Clock"
import type { Process } from "../kernel/process.ts"
import type { RunnerNetwork } from "../network/runner-network.ts"
import { runnerStorage } from "../stores/leases.ts"
import type { Stores } from "../stores/stores.ts"
import { layerPasswords, layerTokens } from "./identities.ts"
import { ports } from "./ports.ts"

export const devCode = "000000"
export const webhookToken = "the simulated provider"
export const heartbeatEverySeconds = 30

const secrets = Redacted.make("not used: tokens are signed by the simulation's own layer")

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

export interface RunnerOptions {
  readonly host: string
  readonly process: Process
  readonly network: RunnerNetwork
  readonly stores: Stores
  /** The process sends itself SIGTERM. */
  readonly terminate: () => void
}

const cluster = ({ host, network, process, stores }: RunnerOptions) => {
  const address = RunnerAddress.make(host, 1)
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
  return Cluster.layerOver({
    address,
    listen,
    connect: (to) => Effect.sync(() => network.socket(host, to.host)),
    storage: Layer.sync(RunnerStorage)(() => runnerStorage(stores.leases, stores.postgres, process))
  }, stores.pace.cluster)
}

const actors = (options: RunnerOptions) =>
  Supervision.layer(options.stores.pace.sweeps).pipe(
    Layer.provideMerge(Milestones.layer),
    Layer.provideMerge(cluster(options))
  )

const publicListener = Layer.merge(layerDrain, ThisRunner.layerCounted).pipe(
  Layer.provideMerge(layerSocketServer(Layer.effect(PublicDoor)(makeHandshake), PublicApi)),
  Layer.provide(layerPublicHandlers({
    secrets,
    dev_code: devCode,
    test_numbers: true,
    heartbeat_every_seconds: heartbeatEverySeconds
  }))
)

const internalListener = layerSocketServer(Layer.effect(InternalDoor)(makeHandshake), Internal.gatedApi).pipe(
  Layer.provide(
    Internal.layerHandlers({ test_numbers: true, heartbeat_every_seconds: heartbeatEverySeconds })
  )
)

const routes = Webhooks.layer({ tokens: Redacted.make(webhookToken) }).pipe(
  Layer.provideMerge(HttpRouter.layer)
)

const ready = Layer.effectDiscard(
  Effect.gen(function*() {
    const readiness = yield* Readiness.Readiness
    yield* readiness.clear("starting")
    yield* Effect.addFinalizer(() => readiness.raise("draining"))
  })
)

const server = (options: RunnerOptions) =>
  ready.pipe(
    Layer.provideMerge(Layer.fresh(publicListener)),
    Layer.provideMerge(Layer.fresh(internalListener)),
    Layer.provideMerge(routes),
    Layer.provideMerge(layerTokens),
    Layer.provideMerge(layerPasswords),
    Layer.provideMerge(actors(options)),
    Layer.provideMerge(ports(options.stores, options.process)),
    Layer.provideMerge(Layer.mergeAll(
      Readiness.layer,
      Shutdown.layerStopping(Effect.sync(options.terminate)),
      ThisRunner.layer
    )),
    Layer.provide([
      Layer.effect(WireClock)(Clock.Clock),
      Layer.succeed(Limits)({ ...publicLimits, watch_every_ms: options.stores.pace.watch_every_ms })
    ])
  )

/** Starts the runner in `scope`: closing it is SIGTERM. Dies where a real start would fail. */
export const startRunner = (options: RunnerOptions, scope: Scope.Closeable) =>
  Effect.map(Layer.buildWithScope(server(options), scope), (context): Doors => ({
    public: Context.get(context, PublicDoor),
    internal: Context.get(context, InternalDoor),
    http: Context.get(context, HttpRouter.HttpRouter).asHttpEffect()
  }))

/** SIGTERM; answers when everything below has let go. */
export const stopRunner = (scope: Scope.Closeable) => Scope.close(scope, Exit.void)
