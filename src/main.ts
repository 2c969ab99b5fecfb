// The whole server as one layer graph: what starts after what, and in reverse what stops before what.
//
//   configuration -> Postgres (schema and keys checked) -> ports -> cluster, actors, catch-up, sweeps
//     -> internal listener -> public listener -> ready
//
// Stopping runs upwards: phones are told to come back elsewhere, listeners close, actors finish their
// turns and hand over, the journal empties, the pool closes, an embedded Postgres stops last.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { HttpServer } from "effect/http"
import { NetAddress } from "effect/net"
import * as Cluster from "./actors/cluster.ts"
import * as Supervision from "./actors/supervision.ts"
import { Milestones } from "./actors/sweeps/milestones.ts"
import { redactedKeys } from "./config/encryption-keys.ts"
import { ServerConfig, type ServerConfigValues } from "./config/server-config.ts"
import { PublicApi } from "./contract/public/public-api.ts"
import * as AccessTokens from "./http/public/auth/access-tokens.ts"
import * as PublicBeacon from "./http/public/public-beacon.ts"
import * as Internal from "./http/internal/internal.ts"
import * as ThisRunner from "./http/internal/this-runner.ts"
import { TrustedProxyHops } from "./http/remote-address.ts"
import { ListenerWaits, waitsOf } from "./http/listener-waits.ts"
import { layerPublic } from "./http/public/public.ts"
import { layerPublicHandlers } from "./http/public/public-handlers.ts"
import * as Readiness from "./http/readiness.ts"
import * as Webhooks from "./http/public/webhooks.ts"
import * as AccountChanges from "./layers/accounts/account-changes.postgres.ts"
import * as Audit from "./layers/accounts/audit.postgres.ts"
import * as AuthSessions from "./layers/accounts/auth-sessions.postgres.ts"
import * as Availability from "./layers/availability/availability.ts"
import * as CheckoutBuiltin from "./layers/payments/checkout.builtin.ts"
import * as CheckoutXendit from "./layers/payments/checkout.xendit.ts"
import * as Cipher from "./layers/encryption/cipher.ts"
import * as CodeSenderFazpass from "./layers/accounts/code-sender.fazpass.ts"
import * as CodeSenderLog from "./layers/accounts/code-sender.log.ts"
import * as CodeSenderNone from "./layers/accounts/code-sender.none.ts"
import * as Database from "./layers/platform/postgres/database.ts"
import * as Devices from "./layers/accounts/devices.postgres.ts"
import * as Failpoints from "./manual-clock/failpoints.process.ts"
import * as Health from "./layers/operations/health.ts"
import { clusterTrouble } from "./layers/operations/cluster-probe.ts"
import { countedHttpClient } from "./layers/operations/counted-http-client.ts"
import { postgresTrouble } from "./layers/operations/postgres-probe.ts"
import * as Journal from "./layers/journal/journal.postgres.ts"
import * as MissedOffers from "./layers/availability/missed-offers.postgres.ts"
import * as Mitras from "./layers/accounts/mitras.postgres.ts"
import * as OneTimeCodes from "./layers/accounts/one-time-codes.postgres.ts"
import * as OverValkey from "./layers/platform/valkey-with-postgres-fallback.ts"
import * as Passwords from "./layers/accounts/passwords.ts"
import * as PaymentReview from "./layers/payments/payment-review.postgres.ts"
import * as Payments from "./layers/payments/payments.postgres.ts"
import * as Accounts from "./layers/accounts/accounts.postgres.ts"
import * as Proposals from "./layers/sessions/proposals.postgres.ts"
import * as Pricing from "./layers/payments/pricing.postgres.ts"
import * as Push from "./layers/push/push.ts"
import * as PushFirebase from "./layers/push/push.firebase.ts"
import * as PushLog from "./layers/push/push.log.ts"
import * as PushNone from "./layers/push/push.none.ts"
import * as PushOutbox from "./layers/push/push-outbox.postgres.ts"
import * as Sessions from "./layers/sessions/sessions.postgres.ts"
import * as Shutdown from "./layers/platform/shutdown.process.ts"
import * as Settings from "./layers/settings/settings.postgres.ts"
import * as Valkey from "./layers/platform/valkey/connection.ts"
import * as TestNumbers from "./layers/accounts/test-numbers.postgres.ts"
import { freePort } from "./layers/platform/free-port.ts"
import type { SeedOptions } from "./layers/platform/seed.ts"
import { set } from "./services/operations/figures.ts"
import * as RealTime from "./services/platform/real-time.ts"

/** One connection for all who use Valkey; null without VALKEY_URL. A malformed url stops the start. */
const valkey = (config: ServerConfigValues) =>
  config.valkey_url === null
    ? null
    : RealTime.layerOnRealTime(Layer.orDie(Valkey.layer({ url: config.valkey_url })))

/** Codes go through the provider where it is switched on, else to the log, and in production nowhere. */
const codeSender = (config: ServerConfigValues) => {
  const { fazpass_key: keys, fazpass_merchant: merchant } = config
  if (config.fazpass_enabled && keys !== null && merchant !== null) {
    const options = { base_url: config.fazpass_url, keys, merchant }
    return CodeSenderFazpass.layer(options).pipe(Layer.provide(countedHttpClient("fazpass")))
  }
  return config.production ? CodeSenderNone.layer : CodeSenderLog.layer
}

/** Xendit's invoices where it is switched on: complete, or the configuration would have stopped the start. */
const xendit = (config: ServerConfigValues) => {
  const { xendit_failure_redirect_url, xendit_secret_key, xendit_success_redirect_url } = config
  const { xendit_webhook_token } = config
  if (!config.xendit_enabled || xendit_secret_key === null || xendit_webhook_token === null) return null
  if (xendit_success_redirect_url === null || xendit_failure_redirect_url === null) return null
  const checkout = CheckoutXendit.layer({
    base_url: config.xendit_url,
    secret_key: xendit_secret_key,
    success_redirect_url: xendit_success_redirect_url,
    failure_redirect_url: xendit_failure_redirect_url
  })
  return {
    checkout: Layer.provide(checkout, countedHttpClient("xendit")),
    webhooks: Webhooks.layerXendit({ tokens: xendit_webhook_token })
  }
}

/** One provider at a time: where real money is taken, nothing confirms on command. */
const checkout = (config: ServerConfigValues) => xendit(config)?.checkout ?? CheckoutBuiltin.layer
const webhooks = (config: ServerConfigValues) =>
  xendit(config)?.webhooks ?? Webhooks.layer({ tokens: config.payment_webhook_token })

/** What private texts are in the database. */
export const cipher = (config: ServerConfigValues) =>
  Cipher.layerFor(redactedKeys(config.message_encryption_keys))

/** Through Firebase where its key is given, else to the log, and in production nowhere. */
const push = (config: ServerConfigValues) => {
  const { firebase_service_account_path: service_account_path } = config
  if (service_account_path === null) return config.production ? PushNone.layer : PushLog.layer
  return Push.layerOver(PushFirebase.layer({ service_account_path }))
}

/** Every port, on Postgres. Needs the database; gives it on, because the cluster shares it. */
export const ports = (config: ServerConfigValues) => {
  const connection = valkey(config)
  const rows = Layer.mergeAll(
    AccountChanges.layer,
    Audit.layer,
    AuthSessions.layer,
    Availability.layerOver(connection, { write_back_seconds: config.heartbeat_mirror_interval_seconds }),
    checkout(config),
    codeSender(config),
    Devices.layer,
    Journal.layer,
    MissedOffers.layer,
    Mitras.layer,
    OneTimeCodes.layer,
    Passwords.layer,
    PaymentReview.layer,
    Payments.layer,
    Accounts.layer,
    Proposals.layer,
    Pricing.layer,
    push(config),
    PushOutbox.layer,
    Sessions.layer,
    Settings.layer,
    TestNumbers.layer
  )
  return OverValkey.layerBeaconOver(connection).pipe(
    Layer.provideMerge(Layer.merge(rows, OverValkey.layerOver(connection))),
    Layer.provideMerge(SecureRandom.layerWebCrypto)
  )
}

/** The cluster's own port: given, or any free one for a runner that is alone on its machine. */
const cluster = (config: ServerConfigValues) =>
  Layer.unwrap(
    Effect.map(
      config.runner_port === 0 ? Effect.orDie(freePort) : Effect.succeed(config.runner_port),
      // Leases, polls and failover go on while a tester holds the product's clock.
      (port) => RealTime.layerOnRealTime(Cluster.layer({ host: config.runner_host, port }))
    )
  )

/** On a held clock no pass can be late, so fewer of them are as punctual; each costs an hour's leap time. */
const manualClockTimings = {
  deadlines_seconds: 8,
  pushes_seconds: 5,
  withdraw_offers_seconds: 30,
  absent_mitras_seconds: 30,
  missed_offers_seconds: 20
}

const actors = (config: ServerConfigValues) =>
  Supervision.layer({
    ...(config.clock === "simulated" ? manualClockTimings : {}),
    stale_heartbeats_seconds: config.auto_offline_sweep_seconds,
    heartbeat_write_back_seconds: config.heartbeat_mirror_interval_seconds,
    mirror_reseed_seconds: config.valkey_mirror_sweep_seconds
  }).pipe(
    Layer.provideMerge(Milestones.layer),
    Layer.provideMerge(cluster(config))
  )

const publicHandlers = (config: ServerConfigValues) =>
  layerPublicHandlers({
    secrets: config.auth_jwt_secret,
    dev_code: config.otp_dev_code === "" ? null : config.otp_dev_code,
    test_numbers: !config.fazpass_enabled,
    heartbeat_every_seconds: config.heartbeat_cadence_seconds
  })

const publicListener = (config: ServerConfigValues) =>
  logged(
    "public",
    ThisRunner.layerCounted.pipe(Layer.provideMerge(layerPublic({
      host: config.public_host,
      port: config.public_port,
      group: PublicApi,
      routes: Layer.merge(webhooks(config), PublicBeacon.layer)
    })))
  ).pipe(
    Layer.provide(publicHandlers(config)),
    Layer.provide(Layer.succeed(TrustedProxyHops)(config.trusted_proxy_hops))
  )

const internalListener = (config: ServerConfigValues) =>
  logged(
    "internal",
    Internal.layer({
      host: config.internal_host,
      port: config.internal_port,
      browser_origin: config.cc_origin,
      heartbeat_every_seconds: config.heartbeat_cadence_seconds,
      test_numbers: !config.fazpass_enabled
    })
  )

/** Says where a listener listens: with port 0 nobody else knows. */
const logged = <A, E, R>(name: string, listener: Layer.Layer<A | HttpServer.HttpServer, E, R>) =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      const where = address._tag === "UnixPathAddress" ? address.path : NetAddress.formatInet(address)
      yield* Effect.logInfo(`${name} listener on ${where}`)
    })
  ).pipe(Layer.provide(listener))

/** Last to start, first to stop: traffic is wanted only while everything below works. */
const ready = Layer.effectDiscard(
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

export const seedOf = (config: ServerConfigValues): SeedOptions => ({
  admin_email: config.admin_email,
  admin_password: config.admin_password,
  demo: config.demo_data
})

/** Postgres as configured: the given one, whose schema must fit, or the embedded one, made to fit. */
const database = (config: ServerConfigValues) =>
  RealTime.layerOnRealTime(Layer.unwrap(Effect.sync(() => {
    const size = { connections_max: config.database_pool_max }
    if (config.database_url !== null) {
      return Layer.orDie(Database.layerChecked({ ...size, url: config.database_url }))
    }
    return Database.layerEmbedded({ ...size, directory: `${config.data_dir}/postgres`, seed: seedOf(config) })
  })))

/** The server. Runs until its scope closes. */
export const server = Layer.unwrap(
  Effect.map(ServerConfig, (config) =>
    ready.pipe(
      Layer.provideMerge(publicListener(config)),
      Layer.provideMerge(Readiness.layerWatchReasons(clusterTrouble)),
      Layer.provideMerge(internalListener(config)),
      Layer.provideMerge(Health.layer),
      Layer.provideMerge(AccessTokens.layer({ secrets: config.auth_jwt_secret })),
      Layer.provideMerge(actors(config)),
      Layer.provideMerge(ports(config)),
      Layer.provideMerge(Readiness.layerWatchReasons(postgresTrouble)),
      Layer.provideMerge(database(config)),
      Layer.provideMerge(cipher(config)),
      Layer.provideMerge(Layer.mergeAll(Readiness.layer, Shutdown.layer, ThisRunner.layer)),
      Layer.provideMerge(Failpoints.layer(config.fault_gate)),
      Layer.provide(Layer.succeed(ListenerWaits)(waitsOf(config)))
    ))
)
