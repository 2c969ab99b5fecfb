// Production: a configuration makes a platform and a product, and the server runs on them.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { limitsOf } from "./config/limits.ts"
import { ServerConfig, type ServerConfigValues } from "./config/server-config.ts"
import { beforeTheirOwn } from "./layers/platform/derived-keys.ts"
import { developmentCheckout, platformOf, webhooks } from "./platform.ts"
import { demoMitras } from "./layers/platform/seed.ts"
import { quotas, type QuotaTable, quotasWith } from "./http/public/quotas.ts"
import { type Product, server } from "./server.ts"

/** On a manual clock no pass can be late, so fewer are as punctual; each costs an hour's leap time. */
const manualClockTimings = {
  deadlines_seconds: 8,
  pushes_seconds: 5,
  withdraw_offers_seconds: 30,
  absent_mitras_seconds: 30,
  missed_offers_seconds: 20
}

/** The few that differ from town to town are the operator's. */
const quotasOf = (config: ServerConfigValues): QuotaTable =>
  quotasWith({
    ...quotas,
    sign_ups_per_network: { ...quotas.sign_ups_per_network, asks_max: config.sign_ups_per_network_hourly },
    sign_ups_in_total: { ...quotas.sign_ups_in_total, asks_max: config.sign_ups_hourly },
    codes_in_total: { ...quotas.codes_in_total, asks_max: config.codes_daily },
    code_countries: config.code_countries === "any" ? [] : config.code_countries.split(","),
    free_of_cooldown: config.demo_data ? demoMitras.map(({ phone }) => phone) : [],
    counts_loopback: config.production
  }, limitsOf(config.limits) ?? {})

const productOf = (config: ServerConfigValues): Product => ({
  // Codes live five minutes: those of the version before are still taken.
  secrets: beforeTheirOwn(config.auth_jwt_secret, "one-time codes"),
  dev_code: config.otp_dev_code === "" ? null : config.otp_dev_code,
  test_numbers: !config.fazpass_enabled,
  heartbeat_every_seconds: config.heartbeat_cadence_seconds,
  trusted_proxy_hops: config.trusted_proxy_hops,
  quotas: quotasOf(config),
  webhooks: webhooks(config),
  checkout_curl: developmentCheckout(config)?.curlOf ?? null,
  time_zone: config.server_tz,
  sampling: true,
  sweeps: {
    ...(config.clock === "simulated" ? manualClockTimings : {}),
    stale_heartbeats_seconds: config.auto_offline_sweep_seconds,
    heartbeat_write_back_seconds: config.heartbeat_mirror_interval_seconds,
    mirror_reseed_seconds: config.valkey_mirror_sweep_seconds
  },
  cluster: {}
})

/** Runs until its scope closes. */
export const main = Layer.unwrap(
  Effect.map(ServerConfig, (config) => server(platformOf(config), productOf(config)))
)
