// ServerConfig: everything deploy-fixed, read once at start. Outside production every variable has a
// default; in production whatever is missing or malformed is said in one message.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { encryptionKeys } from "./encryption-keys.ts"
import { limits } from "./limits.ts"
import { unsafeInDevelopment, unsafeInProduction } from "./safe-to-start.ts"
import {
  flag,
  instant,
  optionalSecret,
  optionalText,
  origin,
  port,
  read,
  secrets,
  switchOr,
  text,
  timeZone,
  url,
  type Variable,
  whole
} from "./variables.ts"

const host = /^[A-Za-z0-9.:_-]+$/

export const devCode = "000000"
export const devAdminPassword = "development-admin"
const devJwtSecret = "development-secret-never-use-in-production"
export const devWebhookToken = "dev-webhook-token"
/** In the source, so known to everybody. */
const published = [devAdminPassword, devJwtSecret, devWebhookToken]

export const variables = {
  database_url: url("DATABASE_URL", ["postgres:", "postgresql:"], { required: true, secret: true }),
  /** The role that owns the tables; what serves then needs no right to change them. */
  database_migrate_url: url("DATABASE_MIGRATE_URL", ["postgres:", "postgresql:"], { secret: true }),
  /** A standby that serves what bears lag. */
  database_replica_url: url("DATABASE_REPLICA_URL", ["postgres:", "postgresql:"], { secret: true }),
  valkey_url: url("VALKEY_URL", ["redis:", "rediss:", "valkey:", "valkeys:"], {
    secret: true,
    path: { pattern: /^\/?\d{0,5}$/, like: "/database-number" }
  }),
  auth_jwt_secret: secrets("AUTH_JWT_SECRET", 32, { development: devJwtSecret, required: true }),
  payment_webhook_token: secrets("PAYMENT_WEBHOOK_TOKEN", 16, {
    development: devWebhookToken,
    required: (environment) => environment["XENDIT_ENABLED"]?.trim() !== "true"
  }),
  xendit_enabled: flag("XENDIT_ENABLED", false),
  xendit_secret_key: optionalSecret("XENDIT_SECRET_KEY", "a secret API key", /^[^\s:]+$/),
  xendit_webhook_token: optionalSecret(
    "XENDIT_WEBHOOK_TOKEN",
    "one or two comma separated callback tokens of at least 16 characters",
    /^[^\s,]{16,}(\s*,\s*[^\s,]{16,})?$/
  ),
  xendit_success_redirect_url: url("XENDIT_SUCCESS_REDIRECT_URL", ["https:", "http:"]),
  xendit_failure_redirect_url: url("XENDIT_FAILURE_REDIRECT_URL", ["https:", "http:"]),
  xendit_url: text("XENDIT_URL", "an http url", /^https?:\/\/[^\s/]+\S*$/, {
    development: "https://api.xendit.co"
  }),
  public_host: text("PUBLIC_HOST", "a host name or address", host, { development: "127.0.0.1" }),
  public_port: port("PUBLIC_PORT", 3000),
  /** Web pages whose browsers may speak to the public listener. */
  public_origins: optionalText(
    "PUBLIC_ORIGINS",
    "comma separated web origins like https://app.example.com",
    /^https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*$/
  ),
  internal_host: text("INTERNAL_HOST", "a host name or address", host, { development: "127.0.0.1" }),
  internal_port: port("INTERNAL_PORT", 3001),
  /** The control center's page, the only one whose browser may speak to the internal listener. */
  cc_origin: origin("CC_ORIGIN"),
  /** Whether the internal listener serves the console's page; unless said otherwise, outside production. */
  console: switchOr("CONSOLE", "outside production"),
  /** Where a day begins, for what is counted by the day. */
  server_tz: timeZone("SERVER_TZ", "UTC"),
  runner_host: text("RUNNER_HOST", "an address the other runners reach", host, { development: "127.0.0.1" }),
  runner_port: port("RUNNER_PORT", 0),
  runner_secret: optionalSecret(
    "RUNNER_SECRET",
    "one or two comma separated secrets of at least 32 characters",
    /^[^\s,]{32,}(\s*,\s*[^\s,]{32,})?$/
  ),
  private_network: flag("PRIVATE_NETWORK", false),
  allow_insecure_development: flag("ALLOW_INSECURE_DEVELOPMENT", false),
  admin_email: text("ADMIN_EMAIL", "an email address", /^[^@\s]+@[^@\s]+$/, {
    development: "admin@halobestie.local",
    required: true
  }),
  admin_password: text("ADMIN_PASSWORD", "at least 12 characters", /^.{12,}$/, {
    development: devAdminPassword,
    required: true,
    secret: true
  }),
  otp_dev_code: text("OTP_DEV_CODE", "six digits", /^\d{6}$/, { development: devCode, secret: true }),
  fazpass_enabled: flag("FAZPASS_ENABLED", false),
  fazpass_key: optionalSecret(
    "FAZPASS_KEY",
    "one or two comma separated gateway keys, WhatsApp's then SMS's",
    /^[^\s,]+(\s*,\s*[^\s,]+)?$/
  ),
  fazpass_merchant: optionalSecret("FAZPASS_MERCHANT", "a merchant key", /^\S+$/),
  fazpass_url: text("FAZPASS_URL", "an http url", /^https?:\/\/[^\s/]+\S*$/, {
    development: "https://api.fazpass.com"
  }),
  message_encryption_keys: encryptionKeys("MESSAGE_ENCRYPTION_KEYS"),
  firebase_service_account_path: optionalText("FIREBASE_SERVICE_ACCOUNT_PATH", "a file", /^.+$/),
  data_dir: text("DATA_DIR", "a folder", /^.+$/, { development: ".data" }),
  database_pool_max: whole("DATABASE_POOL_MAX", 4, 200, { development: 20 }),
  /** How long a start waits for a database that restarts. */
  database_wait_seconds: whole("DATABASE_WAIT_SECONDS", 0, 600, { development: 60 }),
  trusted_proxy_hops: whole("TRUSTED_PROXY_HOPS", 0, 5, { development: 0 }),
  /** Within the time that phones have to leave. */
  drain_notice_seconds: whole("DRAIN_NOTICE_SECONDS", 0, 5, { development: 1 }),
  sign_ups_per_network_hourly: whole("SIGN_UPS_PER_NETWORK_HOURLY", 1, 1_000_000, { development: 600 }),
  sign_ups_hourly: whole("SIGN_UPS_HOURLY", 1, 10_000_000, { development: 20_000 }),
  codes_daily: whole("CODES_DAILY", 1, 10_000_000, { development: 10_000 }),
  /** Other numbers for any of the limits on strangers. */
  limits: limits("LIMITS"),
  code_countries: text(
    "CODE_COUNTRIES",
    "any, or comma separated country codes like +62",
    /^(any|\+\d{1,6}(,\+\d{1,6})*)$/,
    { development: "+62" }
  ),
  drain_timeout_seconds: whole("DRAIN_TIMEOUT_SECONDS", 1, 600, { development: 20 }),
  listener_keep_alive_seconds: whole("LISTENER_KEEP_ALIVE_SECONDS", 1, 3600, { development: 75 }),
  listener_headers_seconds: whole("LISTENER_HEADERS_SECONDS", 1, 300, { development: 10 }),
  listener_request_seconds: whole("LISTENER_REQUEST_SECONDS", 1, 600, { development: 30 }),
  listener_header_max_bytes: whole("LISTENER_HEADER_MAX_BYTES", 4096, 65_536, { development: 16_384 }),
  heartbeat_cadence_seconds: whole("MITRA_HEARTBEAT_CADENCE_SECONDS", 1, 3600, { development: 30 }),
  auto_offline_sweep_seconds: whole("MITRA_AUTO_OFFLINE_SWEEP_SECONDS", 1, 3600, { development: 30 }),
  heartbeat_mirror_interval_seconds: whole("HEARTBEAT_MIRROR_INTERVAL_SECONDS", 1, 3600, { development: 60 }),
  valkey_mirror_sweep_seconds: whole("VALKEY_ONLINE_MIRROR_SWEEP_SECONDS", 1, 86_400, { development: 300 }),
  log_level: text("LOG_LEVEL", "debug, info, warn or error", /^(debug|info|warn|error)$/, {
    development: "info"
  }),
  otlp_endpoint: url("OTEL_EXPORTER_OTLP_ENDPOINT", ["http:", "https:"]),
  demo_data: flag("DEMO_DATA", true),
  fault_gate: text("FAULT_GATE", "a failpoint's name, in tests only", /^(freeze@)?[a-z_]+(:[A-Za-z]+)?$/, {
    development: ""
  }),
  clock: text("CLOCK", "real or simulated", /^(real|simulated)$/, { development: "real" }),
  clock_start: instant("CLOCK_START", "2030-01-07T09:00:00.000Z"),
  faults: flag("FAULTS", false)
} as const satisfies Record<string, Variable<never> | Variable<unknown>>

type Values = { readonly [Key in keyof typeof variables]: (typeof variables)[Key]["development"] }
type SecretKey =
  | "database_url"
  | "database_migrate_url"
  | "database_replica_url"
  | "valkey_url"
  | "auth_jwt_secret"
  | "payment_webhook_token"
  | "admin_password"
  | "fazpass_key"
  | "fazpass_merchant"
  | "xendit_secret_key"
  | "xendit_webhook_token"
  | "message_encryption_keys"
  | "runner_secret"

export type ServerConfigValues =
  & { readonly production: boolean; readonly mode: string }
  & Omit<Values, SecretKey>
  & { readonly [Key in SecretKey]: null extends Values[Key] ? Redacted.Redacted | null : Redacted.Redacted }

export class ServerConfig
  extends Context.Service<ServerConfig, ServerConfigValues>()("halobestie/ServerConfig")
{}

export class ConfigProblem extends Schema.TaggedError<ConfigProblem>()("ConfigProblem", {
  message: Schema.String
}) {}

/** Production knows no development conveniences: no shared sign-in code, no demo people. */
const hardened = (values: Values, production: boolean): Values =>
  production
    ? { ...values, otp_dev_code: "", demo_data: false, console: values.console ?? false }
    : { ...values, console: values.console ?? true }

const redact = (values: Values, production: boolean, mode: string): ServerConfigValues => {
  const secret = (value: string | null) => value === null ? null : Redacted.make(value)
  return {
    ...values,
    production,
    mode,
    database_url: secret(values.database_url),
    database_migrate_url: secret(values.database_migrate_url),
    database_replica_url: secret(values.database_replica_url),
    valkey_url: secret(values.valkey_url),
    auth_jwt_secret: Redacted.make(values.auth_jwt_secret),
    payment_webhook_token: Redacted.make(values.payment_webhook_token),
    admin_password: Redacted.make(values.admin_password),
    fazpass_key: secret(values.fazpass_key),
    fazpass_merchant: secret(values.fazpass_merchant),
    xendit_secret_key: secret(values.xendit_secret_key),
    xendit_webhook_token: secret(values.xendit_webhook_token),
    message_encryption_keys: secret(values.message_encryption_keys),
    runner_secret: secret(values.runner_secret)
  }
}

/** A provider that is switched on must be usable, in development too. */
const neededBy = {
  fazpass_enabled: ["fazpass_key", "fazpass_merchant"],
  xendit_enabled: [
    "xendit_secret_key",
    "xendit_webhook_token",
    "xendit_success_redirect_url",
    "xendit_failure_redirect_url"
  ]
} as const

const missingForProviders = (values: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  Object.entries(neededBy).flatMap(([flag, keys]) =>
    values[flag] !== true ? [] : keys.filter((key) => values[key] === null).map((key) => {
      const { expected, name } = variables[key]
      return `${name} is missing: expected ${expected}, because ${flag.toUpperCase()} is true`
    })
  )

/** Paid minutes may not wait for a tester. */
const forTestersOnly = (values: Readonly<Record<string, unknown>>): ReadonlyArray<string> => [
  ...(values["clock"] === "simulated" ? ["CLOCK is simulated: expected real in production"] : []),
  ...(values["faults"] === true ? ["FAULTS is true: expected false in production"] : []),
  // A server that stops itself on purpose must not serve paying customers.
  ...((values["fault_gate"] ?? "") === ""
    ? []
    : [`${variables.fault_gate.name} is set: it stops the server on purpose and is for tests only`])
]

/** Phones come from elsewhere in production only. */
const everywhere = "0.0.0.0"

/** Asked once every single value is sound. */
const unsafe = (values: Values, production: boolean): ReadonlyArray<string> => {
  if (production) return unsafeInProduction(values, published)
  return values.allow_insecure_development ? [] : unsafeInDevelopment(values)
}

/** All problems at once, or the configuration. */
export const readConfig = (
  environment: Readonly<Record<string, string | undefined>>
): Result.Result<ServerConfigValues, ConfigProblem> => {
  const mode = environment["NODE_ENV"] ?? "development"
  const production = mode === "production" || mode === "staging"
  const problems: Array<string> = []
  const values: Record<string, unknown> = {}
  const given = production && (environment["PUBLIC_HOST"] ?? "").trim() === ""
    ? { ...environment, PUBLIC_HOST: everywhere }
    : environment
  for (const [key, variable] of Object.entries(variables)) {
    const result = read(variable as Variable<unknown>, given, production)
    if (Result.isFailure(result)) problems.push(result.failure)
    else values[key] = result.success
  }
  problems.push(...missingForProviders(values), ...(production ? forTestersOnly(values) : []))
  if (!["production", "staging", "development", "test"].includes(mode)) {
    problems.push(
      `NODE_ENV is malformed: got ${JSON.stringify(mode)}, expected production, staging, development or test`
    )
  }
  if (problems.length === 0) problems.push(...unsafe(values as unknown as Values, production))
  if (problems.length > 0) {
    const where = production ? "The server cannot start in production" : "The server cannot start"
    return Result.fail(
      new ConfigProblem({ message: `${where}:\n${problems.map((p) => `  - ${p}`).join("\n")}` })
    )
  }
  return Result.succeed(redact(hardened(values as unknown as Values, production), production, mode))
}

/** NAME=value lines of the effective configuration; secrets are shown as set or not set. */
export const describeConfig = (config: ServerConfigValues): ReadonlyArray<string> => [
  `NODE_ENV=${config.mode}`,
  ...Object.entries(variables).map(([key, variable]) => {
    const value = config[key as keyof ServerConfigValues]
    if (value === null || value === "") return `${variable.name}=(not set)`
    return `${variable.name}=${variable.secret ? "(set, hidden)" : String(value)}`
  })
]

/** From an environment that is read when the configuration is. */
export const layerFrom = (
  environment: () => Result.Result<Readonly<Record<string, string | undefined>>, ConfigProblem>
) =>
  Layer.effect(ServerConfig)(
    Effect.suspend(() => Effect.fromResult(Result.flatMap(environment(), readConfig)))
  )

/** From the process environment. */
export const layer = layerFrom(() => Result.succeed(process.env))
