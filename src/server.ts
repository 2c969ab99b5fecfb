// The server: the one graph of what starts after what, and in reverse what stops before what. Production, the
// simulator and the worlds of tests give it a platform to stand on, and take whole or in part what is here.
//
//   platform (clock, random, signals) -> database -> stores, providers, bus -> what Valkey makes cheaper
//     -> cluster -> actors, catch-up, sweeps -> internal listener -> public listener -> traffic
//
// Stopping runs upwards, each part within its budget (services/platform/stop-budgets.ts): traffic is turned
// away, phones are told to come back elsewhere and listeners close, actors finish their turns, the cluster
// hands them over, the journal empties, the pool closes, an embedded Postgres stops last.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { ShardingConfig } from "effect/cluster"
import type { SecureRandom } from "effect/crypto"
import type { HttpClient } from "effect/http"
import * as Cluster from "./actors/cluster.ts"
import * as Supervision from "./actors/supervision.ts"
import { Milestones } from "./actors/sweeps/milestones.ts"
import type { AccessTokens } from "./http/public/auth/access-tokens.ts"
import * as Internal from "./http/internal/internal.ts"
import * as StaffAuthority from "./http/internal/staff/staff-authority.ts"
import * as ThisRunner from "./http/internal/this-runner.ts"
import * as CheckoutPage from "./http/public/checkout-page.ts"
import * as PaymentReturn from "./http/public/payment-return.ts"
import * as PublicBeacon from "./http/public/public-beacon.ts"
import type { layer as BuiltinWebhooks } from "./http/public/webhooks.ts"
import { Quotas, type QuotaTable } from "./http/public/quotas.ts"
import { layerPublicHandlers } from "./http/public/public-handlers.ts"
import * as Readiness from "./http/readiness.ts"
import { TrustedProxyHops } from "./http/remote-address.ts"
import * as Unfit from "./http/unfit.ts"
import { Limits, stoppedSooner } from "./http/socket/limits.ts"
import type { Connections } from "./http/socket/connections.ts"
import * as Availability from "./layers/availability/availability.ts"
import type { Valkey } from "./layers/platform/valkey/connection.ts"
import * as OverValkey from "./layers/platform/valkey-with-postgres-fallback.ts"
import type { Passwords } from "./services/accounts/passwords.ts"
import type { Presence } from "./services/availability/presence.ts"
import type { Bus } from "./services/bus/bus.ts"
import { set } from "./services/operations/figures.ts"
import { part } from "./services/platform/part.ts"
import * as RealTime from "./services/platform/real-time.ts"
import type { Shutdown } from "./services/platform/shutdown.ts"
import { SweepReports } from "./services/platform/sweep-reports.ts"
import { TimeZone } from "./services/platform/time-zone.ts"
import type { Ports, ProviderPorts, StorePorts } from "./services/ports.ts"

type RunnerNetwork<Database> = Cluster.Substrate<unknown, Database | ShardingConfig.ShardingConfig>

/** Where the server runs. Why one of its layers could not start is told by `commands/explain.ts`. */
export interface Platform<Database, Public, PublicNeeds, InternalListener, InternalNeeds> {
  /** Which time sockets are watched in, and at which points the process may be stopped by a tester. */
  readonly clock: Layer.Layer<never>
  readonly random: Layer.Layer<SecureRandom.SecureRandom>
  /** How the process is asked to stop. */
  readonly signals: Layer.Layer<Shutdown>
  /** What stores and cluster share. */
  readonly database: Layer.Layer<Database, unknown, SecureRandom.SecureRandom>
  /** Tells when this process has more to do than it can. */
  readonly load: Layer.Layer<never>
  /** Raises a reason against traffic for as long as the database does not do what the server needs. */
  readonly watch: Layer.Layer<never, never, Database | Readiness.Readiness>
  readonly stores: Layer.Layer<StorePorts, unknown, Database | SecureRandom.SecureRandom>
  readonly availability: Availability.Rows<Database | SecureRandom.SecureRandom>
  readonly bus: Layer.Layer<Bus, unknown, Database | SecureRandom.SecureRandom>
  /** Who is connected where, as far as runners know without Valkey. */
  readonly presence: Layer.Layer<Presence>
  /** One connection for all who use it; null: the rows serve alone. */
  readonly valkey: Layer.Layer<Valkey, unknown> | null
  readonly http_client: Layer.Layer<HttpClient.HttpClient>
  /** Ports that a tester breaks on purpose, in front of the sound ones; null everywhere else. */
  readonly overlay: Layer.Layer<never, never, Ports> | null
  readonly providers: Layer.Layer<ProviderPorts, unknown, HttpClient.HttpClient | SecureRandom.SecureRandom>
  /** How tokens are signed and passwords are compared. */
  readonly cryptography: Layer.Layer<AccessTokens | Passwords, unknown, SecureRandom.SecureRandom>
  readonly network: {
    /** How runners listen for and reach each other. */
    readonly runners: Effect.Effect<RunnerNetwork<Database>, unknown>
    /** The phones' socket, with these routes of plain HTTP beside it. */
    readonly public: (routes: PublicRoutes) => Layer.Layer<Public | Connections, unknown, PublicNeeds>
    /** The staff's. */
    readonly internal: Layer.Layer<InternalListener, unknown, InternalNeeds>
  }
}

/** How the product is set: what an operator may configure, the same on every platform. */
export interface Product {
  readonly secrets: Redacted.Redacted
  /** Accepted in place of a code that was sent; null: none is. */
  readonly dev_code: string | null
  /** Whether test numbers have an effect: only while no provider sends codes. */
  readonly test_numbers: boolean
  readonly heartbeat_every_seconds: number
  readonly trusted_proxy_hops: number
  /** What strangers may ask for. */
  readonly quotas: QuotaTable
  /** Whose word counts that money has arrived. */
  readonly webhooks: Webhooks
  /** How the page to pay on says it from a terminal; null: there is no such page. */
  readonly checkout_curl: Parameters<typeof CheckoutPage.layer>[0] | null
  /** The zone staff read times in, and in which a day begins. */
  readonly time_zone: string
  /** Whether the counts of the last hour are kept while nobody watches. */
  readonly sampling: boolean
  readonly sweeps: Supervision.SweepCadence
  readonly cluster: Partial<ShardingConfig.ShardingConfig["Service"]>
}

type Webhooks = ReturnType<typeof BuiltinWebhooks>

const publicRoutes = ({ checkout_curl, webhooks }: Pick<Product, "checkout_curl" | "webhooks">) =>
  Layer.mergeAll(
    webhooks,
    PublicBeacon.layer,
    PaymentReturn.layer,
    checkout_curl === null ? Layer.empty : CheckoutPage.layer(checkout_curl)
  )
export type PublicRoutes = ReturnType<typeof publicRoutes>

type AnyPlatform<Database> = Platform<Database, never, never, never, never>

/** Rows, providers, bus and cryptography. */
const stores = <Database>(
  platform: Pick<AnyPlatform<Database>, "bus" | "cryptography" | "http_client" | "providers" | "stores">
) =>
  Layer.mergeAll(
    platform.stores,
    Layer.provide(platform.providers, platform.http_client),
    platform.bus,
    platform.cryptography
  )

/** What Valkey makes cheaper or wider, with it or without it. */
const availability = <Database>(
  { availability, overlay, presence, valkey }: Pick<
    AnyPlatform<Database>,
    "availability" | "overlay" | "presence" | "valkey"
  >,
  write_back_seconds: number
) => {
  const sound = OverValkey.layerBeaconOver(valkey).pipe(
    Layer.provideMerge(Layer.merge(
      Availability.layerOver(valkey, { write_back_seconds }, availability),
      OverValkey.layerOver(valkey, presence)
    ))
  )
  return overlay === null ? sound : Layer.provideMerge(overlay, sound)
}

/** The actors over any cluster, with the sweeps that wake them and the clients that call them. */
export const actors = (sweeps: Supervision.SweepCadence) =>
  Supervision.layer(sweeps).pipe(Layer.provideMerge(Milestones.layer))

/** Leases, polls and failover go on while a tester holds the product's clock. */
const cluster = <Database>(
  runners: Effect.Effect<RunnerNetwork<Database>, unknown>,
  timings: Product["cluster"]
) =>
  Layer.unwrap(
    Effect.map(runners, (substrate) => RealTime.layerOnRealTime(Cluster.layerOver(substrate, timings)))
  )

/** Last to start, first to stop: traffic is wanted only while everything below works. */
const traffic = Layer.effectDiscard(
  Effect.gen(function*() {
    const readiness = yield* Readiness.Readiness
    yield* readiness.clear("starting")
    yield* Effect.logInfo("ready")
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        Effect.andThen(readiness.raise("draining"), Effect.sync(() => set("draining", 1))),
        Effect.logInfo("stopping: not ready any more, draining")
      )
    )
  })
)

/** The control center shows what the sweeps of this runner did. */
const sweepReports = Layer.effect(SweepReports)(Effect.map(Milestones, (milestones) => milestones.latest))

/** Runs until its scope closes. */
export const server = <Database, Public, PublicNeeds, InternalListener, InternalNeeds>(
  platform: Platform<Database, Public, PublicNeeds, InternalListener, InternalNeeds>,
  product: Product
) => {
  const { network } = platform
  const publicListener = ThisRunner.layerCounted.pipe(
    Layer.provideMerge(network.public(publicRoutes(product))),
    Layer.provide(layerPublicHandlers(product)),
    Layer.provide(platform.load),
    Layer.provide(Layer.succeed(Quotas)(product.quotas)),
    Layer.provide(Layer.succeed(TrustedProxyHops)(product.trusted_proxy_hops))
  )
  const internalListener = network.internal.pipe(
    Layer.provide(Layer.provide(Internal.layerHandlers(product), sweepReports)),
    Layer.provide(Layer.effect(Limits)(Effect.map(Limits, stoppedSooner)))
  )
  return part("traffic", Layer.provideMerge(traffic, Unfit.layer)).pipe(
    Layer.provideMerge(part("public listener", publicListener)),
    Layer.provideMerge(part("internal listener", internalListener)),
    Layer.provideMerge(part("actors", Layer.provide(actors(product.sweeps), StaffAuthority.layer))),
    Layer.provideMerge(part("cluster", cluster(network.runners, product.cluster))),
    Layer.provideMerge(
      part("availability", availability(platform, product.sweeps.heartbeat_write_back_seconds))
    ),
    Layer.provideMerge(part("stores", Layer.merge(stores(platform), platform.watch))),
    Layer.provideMerge(Layer.succeed(TimeZone)(product.time_zone)),
    Layer.provideMerge(part("database", platform.database)),
    Layer.provideMerge(Layer.mergeAll(Readiness.layer, platform.signals, ThisRunner.layer, platform.random)),
    Layer.provideMerge(platform.clock)
  )
}
