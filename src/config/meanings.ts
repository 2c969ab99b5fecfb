// What each variable means to an operator: in a sentence, in which unit, and an example worth copying. Beside
// the table that reads them, and complete by its type; check-config --explain and the docs are made of both.
import type { variables } from "./server-config.ts"

export interface Meaning {
  readonly about: string
  readonly unit?: string
  readonly example: string
}

export const meanings: Readonly<Record<keyof typeof variables, Meaning>> = {
  database_url: {
    about: "The PostgreSQL database (14 or newer); without it development starts an embedded one.",
    example: "postgres://halobestie:secret@db.internal:5432/halobestie"
  },
  database_migrate_url: {
    about:
      "The same database for `migrate`, as the role that owns the tables; the role of DATABASE_URL then " +
      "only reads and writes rows.",
    example: "postgres://halobestie_owner:secret@db.internal:5432/halobestie"
  },
  database_replica_url: {
    about:
      "A streaming standby of the same database: serves past sessions, timelines, the audit log and counts " +
      "while it is close behind (`replica_lag_max_seconds`); without it, or when it lags, the primary does.",
    example: "postgres://halobestie:secret@replica.internal:5432/halobestie"
  },
  valkey_url: {
    about: "Valkey, or Redis 6.2 or newer, for fast reads and fan-out; without it PostgreSQL alone serves.",
    example: "rediss://default:secret@valkey.internal:6379/0"
  },
  auth_jwt_secret: {
    about: "Signs access tokens with the first secret, accepts all of them: two during a rotation.",
    example: "the output of: openssl rand -base64 48"
  },
  payment_webhook_token: {
    about: "What the built-in payment provider's webhook sends as x-callback-token; two during a rotation.",
    example: "the output of: openssl rand -base64 24"
  },
  xendit_enabled: {
    about: "Takes payments through Xendit instead of the built-in provider.",
    example: "true"
  },
  xendit_secret_key: { about: "Xendit's secret API key.", example: "xnd_production_..." },
  xendit_webhook_token: {
    about: "Xendit's callback token; two during a rotation.",
    example: "from Xendit's console"
  },
  xendit_success_redirect_url: {
    about: "Where Xendit sends who has paid.",
    example: "https://halobestie.id/paid"
  },
  xendit_failure_redirect_url: {
    about: "Where Xendit sends who has not paid.",
    example: "https://halobestie.id/not-paid"
  },
  xendit_url: { about: "Xendit's API, for tests another one.", example: "https://api.xendit.co" },
  public_host: { about: "The address the phones' listener binds.", example: "0.0.0.0" },
  public_port: { about: "The phones' port; 0 takes a free one.", unit: "TCP port", example: "3000" },
  public_origins: {
    about:
      "The only web pages whose browsers may speak to the public listener; apps send no Origin and always " +
      "may. Without it any page may: no cookie makes a browser somebody.",
    example: "https://app.halobestie.id"
  },
  internal_host: {
    about:
      "The address of staff's listener, metrics and health: loopback or a private network, never public.",
    example: "127.0.0.1"
  },
  internal_port: { about: "The internal listener's port.", unit: "TCP port", example: "3001" },
  cc_origin: {
    about: "The one web page whose browser may speak to the internal listener.",
    example: "https://control.halobestie.id"
  },
  server_tz: { about: "Where a day begins, for what is counted by the day.", example: "Asia/Jakarta" },
  runner_host: {
    about: "Where the other runners reach this one. In production the default is this machine's private " +
      "address, if it has one.",
    example: "10.0.1.17"
  },
  runner_port: {
    about:
      "The port for the other runners, without authentication: private network only; 0 takes a free one.",
    unit: "TCP port",
    example: "3002"
  },
  admin_email: { about: "The first admin, added by seed.", example: "ops@halobestie.id" },
  admin_password: {
    about: "The first admin's password, used by seed only.",
    example: "twelve or more characters"
  },
  otp_dev_code: { about: "A code that signs anybody in, in development only.", example: "000000" },
  fazpass_enabled: { about: "Sends one-time codes through Fazpass.", example: "true" },
  fazpass_key: { about: "Fazpass's gateway keys: WhatsApp's, then SMS's.", example: "whatsapp-key,sms-key" },
  fazpass_merchant: { about: "Fazpass's merchant key.", example: "from Fazpass's console" },
  fazpass_url: { about: "Fazpass's API, for tests another one.", example: "https://api.fazpass.com" },
  message_encryption_keys: {
    about: "Seals private texts in the database with the first key, opens with all (docs/rotate-keys.md).",
    example: "id and base64 of 32 bytes, as docs/rotate-keys.md shows"
  },
  firebase_service_account_path: {
    about: "The service account's file; with it pushes go through Firebase.",
    example: "/run/secrets/firebase.json"
  },
  data_dir: { about: "Where development keeps its embedded PostgreSQL.", example: ".data" },
  database_pool_max: {
    about: "Connections of one runner; the cluster takes a few more. Together below max_connections.",
    unit: "connections",
    example: "20"
  },
  trusted_proxy_hops: {
    about: "How many proxies of ours stand in front, each adding to X-Forwarded-For.",
    unit: "proxies",
    example: "1"
  },
  drain_timeout_seconds: {
    about: "How long a stop may take; the supervisor's grace period must be longer.",
    unit: "seconds",
    example: "20"
  },
  sign_ups_per_network_hourly: {
    about: "Anonymous accounts an hour for one address (IPv6: one /64); many phones share a carrier's.",
    example: "600"
  },
  sign_ups_hourly: { about: "Anonymous accounts an hour in all.", example: "20000" },
  codes_daily: { about: "Sign-in codes a day in all: what a day of abuse may cost.", example: "10000" },
  limits: {
    about: "Other numbers for limits on strangers, by the names that refusals, log lines and the metric " +
      "limit_refusals_total give them; docs/security.md has the table.",
    example: "orders=40,messages=600:20"
  },
  code_countries: {
    about: "Country codes to which sign-in codes are sent, comma separated, or any.",
    example: "+62"
  },
  database_wait_seconds: {
    about: "How long a start waits for a database that is restarting.",
    unit: "seconds",
    example: "60"
  },
  drain_notice_seconds: {
    about: "How long /readyz says draining before a stop refuses connections.",
    unit: "seconds",
    example: "1"
  },
  console: {
    about: "Serves the staff's console on the internal listener; off in production unless set.",
    example: "true"
  },
  runner_secret: {
    about: "Encrypts and authenticates what runners say to each other; two during a rotation.",
    example: "the output of: openssl rand -base64 48"
  },
  private_network: {
    about:
      "Says that the network to PostgreSQL, Valkey and other runners is private: plain text may go there.",
    example: "true"
  },
  allow_insecure_development: {
    about: "Lets a development server listen beyond loopback, or use a database that is not on this machine.",
    example: "true"
  },
  listener_keep_alive_seconds: {
    about:
      "How long an idle HTTP connection stays open: longer than the balancer's own limit, or it will send " +
      "requests into connections that we are closing (sporadic 502).",
    unit: "seconds",
    example: "75"
  },
  listener_headers_seconds: {
    about: "How long a request's headers may take.",
    unit: "seconds",
    example: "10"
  },
  listener_request_seconds: {
    about: "How long a request may take to arrive as a whole, body included.",
    unit: "seconds",
    example: "30"
  },
  listener_header_max_bytes: {
    about: "The largest request head; 431 above.",
    unit: "bytes",
    example: "16384"
  },
  heartbeat_cadence_seconds: {
    about: "How often mitras' apps say that they are there.",
    unit: "seconds",
    example: "30"
  },
  auto_offline_sweep_seconds: {
    about: "How often silent mitras are looked for.",
    unit: "seconds",
    example: "30"
  },
  heartbeat_mirror_interval_seconds: {
    about: "How often Valkey's heartbeats are written back to PostgreSQL.",
    unit: "seconds",
    example: "60"
  },
  valkey_mirror_sweep_seconds: {
    about: "How often the mirror in Valkey is reseeded.",
    unit: "seconds",
    example: "300"
  },
  log_level: { about: "The least important level that is logged.", example: "info" },
  otlp_endpoint: {
    about:
      "An OpenTelemetry collector (OTLP over HTTP) for traces, metrics and logs; without it none are made.",
    example: "http://otel-collector:4318"
  },
  demo_data: { about: "Whether seed adds demo people; never in production.", example: "true" },
  fault_gate: { about: "Stops the process at a named line, in tests only.", example: "after_commit:Paired" },
  clock: { about: "simulated: testers move the time. Never in production.", example: "real" },
  clock_start: { about: "Where a simulated clock begins.", example: "2030-01-07T09:00:00.000Z" },
  faults: { about: "Lets testers order faults. Never in production.", example: "false" }
}
