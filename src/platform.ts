// Production's platform: what a configuration makes of this machine. Postgres as given or embedded, Valkey or
// none, TCP listeners, and the providers that are switched on.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { FetchHttpClient, HttpServer } from "effect/http"
import { NetAddress } from "effect/net"
import * as Cluster from "./actors/cluster.ts"
import { limitsOf } from "./config/limits.ts"
import { redactedKeys } from "./config/encryption-keys.ts"
import { devWebhookToken, type ServerConfigValues } from "./config/server-config.ts"
import { PublicApi } from "./contract/public/public-api.ts"
import * as AccessTokens from "./http/public/auth/access-tokens.ts"
import { checkoutCurl } from "./http/public/checkout-curl.ts"
import { checkoutPath } from "./http/public/checkout-page.ts"
import { layerListedOrigins } from "./http/browser-origin.ts"
import { ListenerWaits, waitsOf } from "./http/listener-waits.ts"
import * as Internal from "./http/internal/internal.ts"
import { layerPublic } from "./http/public/public.ts"
import * as Readiness from "./http/readiness.ts"
import { Limits, socketLimitsWith } from "./http/socket/limits.ts"
import { HeldPorts } from "./http/held-ports.ts"
import * as Webhooks from "./http/public/webhooks.ts"
import * as SignIns from "./layers/accounts/sign-ins.postgres.ts"
import { postgresRows } from "./layers/availability/availability.ts"
import * as CheckoutBuiltin from "./layers/payments/checkout.builtin.ts"
import * as CheckoutXendit from "./layers/payments/checkout.xendit.ts"
import * as Cipher from "./layers/encryption/cipher.ts"
import * as CodeSenderFazpass from "./layers/accounts/code-sender.fazpass.ts"
import * as CodeSenderWithoutProvider from "./layers/accounts/code-sender.without-provider.ts"
import * as PostgresClock from "./layers/platform/postgres/postgres-clock.ts"
import * as Database from "./layers/platform/postgres/database.ts"
import * as SecureRandom from "./layers/platform/secure-random.ts"
import * as Failpoints from "./manual-clock/failpoints.process.ts"
import * as Health from "./layers/operations/health.ts"
import * as Overload from "./layers/operations/overload.ts"
import { countedHttpClient } from "./layers/operations/counted-http-client.ts"
import { postgresTrouble } from "./layers/operations/postgres-probe.ts"
import * as Journal from "./layers/journal/journal.postgres.ts"
import * as Mitras from "./layers/accounts/mitras.postgres.ts"
import * as OverValkey from "./layers/platform/valkey-with-postgres-fallback.ts"
import * as Passwords from "./layers/accounts/passwords.ts"
import * as Oversight from "./layers/oversight/oversight.postgres.ts"
import * as Payments from "./layers/payments/payments.postgres.ts"
import * as Accounts from "./layers/accounts/accounts.postgres.ts"
import * as PersonalData from "./layers/personal-data/personal-data.postgres.ts"
import * as Presence from "./layers/availability/presence.local.ts"
import * as Pricing from "./layers/payments/pricing.postgres.ts"
import * as Push from "./layers/push/push.ts"
import * as PushFirebase from "./layers/push/push.firebase.ts"
import * as PushWithoutProvider from "./layers/push/push.without-provider.ts"
import * as PushOutbox from "./layers/push/push-outbox.postgres.ts"
import * as SessionOversight from "./layers/sessions/session-oversight.postgres.ts"
import * as SessionViews from "./layers/sessions/session-views.postgres.ts"
import * as Sessions from "./layers/sessions/sessions.postgres.ts"
import * as Shutdown from "./layers/platform/shutdown.process.ts"
import * as Settings from "./layers/settings/settings.postgres.ts"
import * as Staff from "./layers/accounts/staff.postgres.ts"
import * as StaffProofs from "./layers/accounts/staff-proofs.postgres.ts"
import * as Trust from "./layers/trust/trust.postgres.ts"
import * as Valkey from "./layers/platform/valkey/connection.ts"
import { runnerHeartbeats } from "./layers/platform/postgres/runner-heartbeats.ts"
import { makeRunnerSockets } from "./layers/platform/runner-sockets.ts"
import * as LaggingReads from "./layers/platform/lagging-reads.ts"
import { serverName } from "./layers/platform/postgres/upgrade.ts"
import { freePort } from "./layers/platform/free-port.ts"
import { derivedSecrets, keyBytes, withTheirOwn } from "./layers/platform/derived-keys.ts"
import type { SeedOptions } from "./layers/platform/seed.ts"
import type { PublicRoutes } from "./server.ts"
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
  return config.production ? CodeSenderWithoutProvider.layerNone : CodeSenderWithoutProvider.layerLog
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

/** Where a developer's browser and terminal pay; null where only a real provider says so. */
export const developmentCheckout = (config: ServerConfigValues) => {
  const { payment_webhook_token, production, public_host, public_port, xendit_enabled } = config
  if (production || xendit_enabled || public_port === 0) return null
  const host = public_host === "0.0.0.0" || public_host === "::" ? "127.0.0.1" : public_host
  const base = `http://${host}:${public_port}`
  const token = Redacted.value(payment_webhook_token)
  return {
    page: `${base}${checkoutPath}`,
    curlOf: checkoutCurl(base, token === devWebhookToken ? token : "$PAYMENT_WEBHOOK_TOKEN")
  }
}

/** One provider at a time: where real money is taken, nothing confirms on command. */
const checkout = (config: ServerConfigValues) => {
  const development = developmentCheckout(config)
  const builtin = development === null
    ? CheckoutBuiltin.layer
    : CheckoutBuiltin.layerWithPage(development.page, development.curlOf)
  return xendit(config)?.checkout ?? builtin
}
export const webhooks = (config: ServerConfigValues) =>
  xendit(config)?.webhooks ?? Webhooks.layer({ tokens: config.payment_webhook_token })

/** What private texts are in the database. */
export const cipher = (config: ServerConfigValues) =>
  Cipher.layerFor(redactedKeys(config.message_encryption_keys))

/** Through Firebase where its key is given, else to the log, and in production nowhere. */
const push = (config: ServerConfigValues) => {
  const { firebase_service_account_path: service_account_path } = config
  if (service_account_path === null) {
    return config.production
      ? PushWithoutProvider.layerNone
      : PushWithoutProvider.layerLog
  }
  return Push.layerOver(PushFirebase.layer({ service_account_path }))
}

/** History is looked at by few at a time. */
const replicaConnectionsMax = 5

/** Every store port, on Postgres. */
export const stores = Layer.mergeAll(
  SignIns.layer,
  Journal.layer,
  Mitras.layer,
  Oversight.layer,
  Payments.layer,
  Accounts.layer,
  Pricing.layer,
  PushOutbox.layer,
  SessionOversight.layer,
  SessionViews.layer,
  Sessions.layer,
  Settings.layer,
  Staff.layer,
  StaffProofs.layer,
  Trust.layer,
  PersonalData.layer
)

/** What bears lag, through a replica where there is one. */
const storesOver = ({ database_replica_url: url, database_pool_max }: ServerConfigValues) =>
  url === null ? stores : LaggingReads.layerOver({
    url,
    application: serverName,
    connections_max: Math.min(replicaConnectionsMax, database_pool_max),
    ports: Layer.mergeAll(
      Mitras.layer,
      Oversight.layer,
      PushOutbox.layer,
      SessionOversight.layer,
      SessionViews.layer
    )
  }).pipe(Layer.provideMerge(stores))

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
      const given = { ...size, url: config.database_url, wait_seconds: config.database_wait_seconds }
      return Layer.orDie(Database.layerChecked(given))
    }
    return Database.layerEmbedded({ ...size, directory: `${config.data_dir}/postgres`, seed: seedOf(config) })
  }))).pipe(
    Layer.provideMerge(cipher(config)),
    (pool) => Layer.provideMerge(PostgresClock.layerAnchored, pool)
  )

/**
 * Runners meet at the given port, or at any free one when a runner is alone on its machine; behind the
 * secret, which only runners that nobody else reaches may be without.
 */
const runners = (config: ServerConfigValues) =>
  Effect.map(
    config.runner_port === 0
      ? Effect.orDie(freePort)
      : Effect.as(Effect.flatMap(HeldPorts, (letGo) => letGo(config.runner_port)), config.runner_port),
    (port) =>
      Cluster.overTcp(
        { host: config.runner_host, port },
        makeRunnerSockets(config.runner_secret),
        runnerHeartbeats
      )
  )

/** Logs where a listener listens: with port 0 only the log tells. */
const logged = <A, E, R>(name: string, listener: Layer.Layer<A | HttpServer.HttpServer, E, R>) =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      const where = address._tag === "UnixPathAddress" ? address.path : NetAddress.formatInet(address)
      yield* Effect.logInfo(`${name} listener on ${where}`)
    })
  ).pipe(Layer.provideMerge(listener))

const listenerWaits = (config: ServerConfigValues) => Layer.succeed(ListenerWaits)(waitsOf(config))

/** Nothing where no page is listed. */
const listedOrigins = ({ public_origins }: ServerConfigValues) =>
  public_origins === null ? Layer.empty : layerListedOrigins(public_origins.split(","))

const network = (config: ServerConfigValues) => ({
  runners: runners(config),
  public: (routes: PublicRoutes) =>
    logged(
      "public",
      Layer.provide(
        layerPublic({
          host: config.public_host,
          port: config.public_port,
          group: PublicApi,
          routes: Layer.merge(routes, listedOrigins(config))
        }),
        Layer.effect(Limits)(Effect.map(Limits, (limits) => ({
          ...socketLimitsWith(limits, limitsOf(config.limits) ?? {}),
          drain_notice_ms: config.drain_notice_seconds * 1000
        })))
      )
    ).pipe(Layer.provide(listenerWaits(config))),
  internal: logged(
    "internal",
    Internal.layer({
      host: config.internal_host,
      port: config.internal_port,
      browser_origin: config.cc_origin,
      console: config.console ?? false
    })
  ).pipe(Layer.provide(Health.layer), Layer.provide(listenerWaits(config)))
})

/**
 * Phones' tokens are still signed as the version before signs and reads them, so that phones cross an upgrade
 * without noticing; what the next version will sign with is read already. Staff sign in again.
 */
const tokenSecrets = ({ auth_jwt_secret: secrets }: ServerConfigValues) => ({
  secrets: withTheirOwn(secrets, "phone tokens"),
  staff_secrets: derivedSecrets(secrets, "staff tokens")
})

/** This process, on this machine. */
export const platformOf = (config: ServerConfigValues) => {
  const connection = valkey(config)
  return {
    clock: Failpoints.layer(config.fault_gate),
    random: SecureRandom.layer,
    signals: Shutdown.layer,
    database: database(config),
    load: Overload.layer,
    watch: Layer.merge(
      Readiness.layerWatchReasons(postgresTrouble),
      PostgresClock.layerWatch((setting) => Readiness.unreadyDuring("clock_off", setting))
    ),
    stores: storesOver(config),
    availability: postgresRows,
    bus: OverValkey.layerBusOver(connection, keyBytes(config.auth_jwt_secret, "bus")),
    presence: Presence.layer,
    valkey: connection,
    http_client: FetchHttpClient.layer,
    overlay: null,
    providers: Layer.mergeAll(checkout(config), codeSender(config), push(config)),
    cryptography: Layer.merge(AccessTokens.layer(tokenSecrets(config)), Passwords.layer),
    network: network(config)
  }
}
