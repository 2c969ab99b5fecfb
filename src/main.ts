// The whole server as one layer graph: what starts after what, and in reverse what stops before what.
//
//   configuration -> Postgres (schema checked) -> ports -> cluster, actors, catch-up, sweeps
//     -> internal listener -> public listener -> ready
//
// Stopping runs upwards: phones are told to come back elsewhere, listeners close, actors finish their
// turns and hand over, the journal empties, the pool closes, an embedded Postgres stops last.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { FetchHttpClient, HttpServer } from "effect/http"
import { NetAddress } from "effect/net"
import * as Cluster from "./actors/cluster.ts"
import * as Supervision from "./actors/supervision.ts"
import { Milestones } from "./actors/sweeps/milestones.ts"
import { ServerConfig, type ServerConfigValues } from "./config/server-config.ts"
import { PublicApi } from "./contract/public-api.ts"
import * as AccessTokens from "./http/auth/access-tokens.ts"
import * as SignIn from "./http/auth/sign-in.ts"
import * as VerifyToken from "./http/auth/verify-token.ts"
import * as PublicBeacon from "./http/beacon/public-beacon.ts"
import * as AuthHandlers from "./http/handlers/auth.ts"
import * as ChatHandlers from "./http/handlers/chat.ts"
import * as CustomerHandlers from "./http/handlers/customer.ts"
import * as DeviceHandlers from "./http/handlers/devices.ts"
import * as EventHandlers from "./http/handlers/events.ts"
import * as MitraHandlers from "./http/handlers/mitra.ts"
import * as Internal from "./http/internal.ts"
import { TrustedProxyHops } from "./http/peer.ts"
import { layerPublic } from "./http/public.ts"
import * as Readiness from "./http/readiness.ts"
import * as Webhooks from "./http/webhooks.ts"
import * as AccountChanges from "./layers/account-changes.postgres.ts"
import * as Audit from "./layers/audit.postgres.ts"
import * as AuthSessions from "./layers/auth-sessions.postgres.ts"
import * as Availability from "./layers/availability.ts"
import * as CodeSenderFazpass from "./layers/code-sender.fazpass.ts"
import * as CodeSenderLog from "./layers/code-sender.log.ts"
import * as CodeSenderNone from "./layers/code-sender.none.ts"
import * as Database from "./layers/database.ts"
import * as Devices from "./layers/devices.postgres.ts"
import * as Journal from "./layers/journal.postgres.ts"
import * as MissedOffers from "./layers/missed-offers.postgres.ts"
import * as Mitras from "./layers/mitras.postgres.ts"
import * as OneTimeCodes from "./layers/one-time-codes.postgres.ts"
import * as OverValkey from "./layers/over-valkey.ts"
import * as Passwords from "./layers/passwords.ts"
import * as Payments from "./layers/payments.postgres.ts"
import * as People from "./layers/people.postgres.ts"
import * as Push from "./layers/push.ts"
import * as PushFirebase from "./layers/push.firebase.ts"
import * as PushLog from "./layers/push.log.ts"
import * as PushNone from "./layers/push.none.ts"
import * as PushOutbox from "./layers/push-outbox.postgres.ts"
import * as Sessions from "./layers/sessions.postgres.ts"
import * as Settings from "./layers/settings.postgres.ts"
import * as Valkey from "./layers/valkey/connection.ts"
import * as TestNumbers from "./layers/test-numbers.postgres.ts"
import { freePort } from "./layers/free-port.ts"
import type { SeedOptions } from "./layers/seed.ts"

/** One connection for all who use Valkey; null without VALKEY_URL. A malformed url stops the start. */
const valkey = (config: ServerConfigValues) =>
  config.valkey_url === null ? null : Layer.orDie(Valkey.layer({ url: config.valkey_url }))

/** Codes go through the provider where it is switched on, else to the log, and in production nowhere. */
const codeSender = (config: ServerConfigValues) => {
  const { fazpass_key: keys, fazpass_merchant: merchant } = config
  if (config.fazpass_enabled && keys !== null && merchant !== null) {
    const options = { base_url: config.fazpass_url, keys, merchant }
    return CodeSenderFazpass.layer(options).pipe(Layer.provide(FetchHttpClient.layer))
  }
  return config.production ? CodeSenderNone.layer : CodeSenderLog.layer
}

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
    codeSender(config),
    Devices.layer,
    Journal.layer,
    MissedOffers.layer,
    Mitras.layer,
    OneTimeCodes.layer,
    Passwords.layer,
    Payments.layer,
    People.layer,
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
      (port) => Cluster.layer({ host: config.runner_host, port })
    )
  )

const actors = (config: ServerConfigValues) =>
  Supervision.layer({
    stale_heartbeats_seconds: config.auto_offline_sweep_seconds,
    heartbeat_write_back_seconds: config.heartbeat_mirror_interval_seconds,
    mirror_reseed_seconds: config.valkey_mirror_sweep_seconds
  }).pipe(
    Layer.provideMerge(Milestones.layer),
    Layer.provideMerge(cluster(config))
  )

const publicHandlers = (config: ServerConfigValues) => {
  const heartbeat = { heartbeat_every_seconds: config.heartbeat_cadence_seconds }
  const dev_code = config.otp_dev_code === "" ? null : config.otp_dev_code
  return Layer.mergeAll(
    AuthHandlers.layer,
    CustomerHandlers.layer,
    MitraHandlers.layer(heartbeat),
    ChatHandlers.layer,
    DeviceHandlers.layer,
    EventHandlers.layer(heartbeat)
  ).pipe(
    Layer.provideMerge(
      SignIn.layer({ secrets: config.auth_jwt_secret, dev_code, test_numbers: !config.fazpass_enabled })
    ),
    Layer.provideMerge(VerifyToken.layer)
  )
}

const publicListener = (config: ServerConfigValues) =>
  announced(
    "public",
    layerPublic({
      host: config.public_host,
      port: config.public_port,
      group: PublicApi,
      routes: Layer.merge(Webhooks.layer({ tokens: config.payment_webhook_token }), PublicBeacon.layer)
    })
  ).pipe(
    Layer.provide(publicHandlers(config)),
    Layer.provide(Layer.succeed(TrustedProxyHops)(config.trusted_proxy_hops))
  )

const internalListener = (config: ServerConfigValues) =>
  announced(
    "internal",
    Internal.layer({
      host: config.internal_host,
      port: config.internal_port,
      heartbeat_every_seconds: config.heartbeat_cadence_seconds,
      test_numbers: !config.fazpass_enabled
    })
  )

/** Says where a listener listens: with port 0 nobody else knows. */
const announced = <A, E, R>(name: string, listener: Layer.Layer<A | HttpServer.HttpServer, E, R>) =>
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
      Effect.andThen(readiness.raise("draining"), Effect.logInfo("stopping: not ready any more, draining"))
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
  Layer.unwrap(Effect.sync(() => {
    const size = { connections_max: config.database_pool_max }
    if (config.database_url !== null) {
      return Layer.orDie(Database.layerChecked({ ...size, url: config.database_url }))
    }
    return Database.layerEmbedded({ ...size, directory: `${config.data_dir}/postgres`, seed: seedOf(config) })
  }))

/** The server. Runs until its scope closes. */
export const server = Layer.unwrap(
  Effect.map(ServerConfig, (config) =>
    ready.pipe(
      Layer.provideMerge(publicListener(config)),
      Layer.provideMerge(internalListener(config)),
      Layer.provideMerge(AccessTokens.layer({ secrets: config.auth_jwt_secret })),
      Layer.provideMerge(actors(config)),
      Layer.provideMerge(ports(config)),
      Layer.provideMerge(database(config)),
      Layer.provideMerge(Readiness.layer)
    ))
)
