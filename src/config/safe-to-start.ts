// What a configuration must not be, whatever its single values look like: secrets that everybody knows, a
// back network open to whoever connects, and development on what real people use. Each problem is a sentence.
import { encryptionKeysOf } from "./encryption-keys.ts"

export interface Exposure {
  readonly public_host: string
  readonly internal_host: string
  readonly runner_host: string
  readonly database_url: string | null
  readonly database_migrate_url: string | null
  readonly database_replica_url: string | null
  readonly valkey_url: string | null
  readonly auth_jwt_secret: string
  readonly payment_webhook_token: string
  readonly admin_password: string
  readonly runner_secret: string | null
  readonly xendit_webhook_token: string | null
  readonly message_encryption_keys: string | null
  readonly private_network: boolean
  readonly xendit_enabled: boolean
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)

/** Fewer different characters than this is a placeholder and no secret. */
const varietyMin = 8

/** The same few characters again and again, however many there are. */
const isRepeated = (secret: string): boolean => `${secret}${secret}`.indexOf(secret, 1) <= secret.length / 2

const isWeak = (secret: string, published: ReadonlyArray<string>): boolean =>
  published.includes(secret) || new Set(secret).size < varietyMin || isRepeated(secret)

const secretVariables = {
  AUTH_JWT_SECRET: (given) => given.auth_jwt_secret,
  // Read only where the built-in provider's word counts.
  PAYMENT_WEBHOOK_TOKEN: (given) => given.xendit_enabled ? null : given.payment_webhook_token,
  XENDIT_WEBHOOK_TOKEN: (given) => given.xendit_enabled ? given.xendit_webhook_token : null,
  RUNNER_SECRET: (given) => given.runner_secret
} satisfies Record<string, (given: Exposure) => string | null>

const weakSecrets = (given: Exposure, published: ReadonlyArray<string>): ReadonlyArray<string> => {
  const listed = Object.entries(secretVariables)
    .flatMap(([name, of]) =>
      (of(given) ?? "").split(",").filter((part) => part !== "").map((part) => ({ name, part }))
    )
  return [
    ...new Set(
      [...listed, { name: "ADMIN_PASSWORD", part: given.admin_password }]
        .filter(({ part }) => isWeak(part, published))
        .map(({ name }) =>
          `${name} is known or too simple: expected one of its own, of ${varietyMin} different characters`
        )
    )
  ]
}

/** Zeros and a repeated word have few different bytes. A key of before that only opens must stay. */
const weakKeys = ({ message_encryption_keys }: Exposure): ReadonlyArray<string> => {
  const given = encryptionKeysOf(message_encryption_keys ?? "")
  const sealing = given?.seals === true ? given.keys.slice(0, 1) : []
  return sealing.filter(({ bytes }) => new Set(bytes).size < varietyMin).map(() =>
    "MESSAGE_ENCRYPTION_KEYS is too simple: expected 32 bytes of chance for the first key, which seals"
  )
}

const encrypting = ["require", "verify-ca", "verify-full"]

/** As the driver reads it: a parameter wins, and a folder is a socket of this machine. */
const databaseIsNear = (url: string): boolean => {
  const { hostname, searchParams } = new URL(url)
  const host = searchParams.getAll("host").at(-1) || hostname
  return host.startsWith("/") || isLoopback(host)
}

const databaseIsOpen = (url: string): boolean => {
  const { searchParams } = new URL(url)
  return !databaseIsNear(url) && !encrypting.includes(searchParams.get("sslmode") ?? "")
}

const valkeyIsOpen = (url: string): boolean => {
  const { hostname, password, protocol } = new URL(url)
  return !isLoopback(hostname) && (password === "" || !["rediss:", "valkeys:"].includes(protocol))
}

const orPrivate = "or PRIVATE_NETWORK=true where nobody else reaches it"

const openBackNetwork = (given: Exposure): ReadonlyArray<string> => {
  const { internal_host, private_network, runner_host, runner_secret, valkey_url } = given
  const problems: Array<string> = []
  if (!isLoopback(runner_host) && runner_secret === null) {
    problems.push(
      "RUNNER_SECRET is missing: expected at least 32 characters, because RUNNER_HOST is not loopback"
    )
  }
  if (private_network) return problems
  if (!isLoopback(internal_host)) {
    problems.push(`INTERNAL_HOST is not loopback: expected a loopback address, ${orPrivate}`)
  }
  const databases = {
    DATABASE_URL: given.database_url,
    DATABASE_MIGRATE_URL: given.database_migrate_url,
    DATABASE_REPLICA_URL: given.database_replica_url
  }
  for (const [name, url] of Object.entries(databases)) {
    if (url === null || !databaseIsOpen(url)) continue
    problems.push(`${name} is remote without TLS: expected sslmode=verify-full, ${orPrivate}`)
  }
  if (valkey_url !== null && valkeyIsOpen(valkey_url)) {
    problems.push(
      `VALKEY_URL is remote without password and TLS: expected rediss://:password@host, ${orPrivate}`
    )
  }
  return problems
}

export const unsafeInProduction = (
  given: Exposure,
  published: ReadonlyArray<string>
): ReadonlyArray<string> => [
  ...weakSecrets(given, published),
  ...weakKeys(given),
  ...openBackNetwork(given)
]

/** Development knows fixed codes and published secrets: whoever reaches it may do everything. */
export const unsafeInDevelopment = (
  given: Pick<
    Exposure,
    | "public_host"
    | "internal_host"
    | "runner_host"
    | "database_url"
    | "database_migrate_url"
    | "database_replica_url"
    | "valkey_url"
  >
): ReadonlyArray<string> => {
  const isNearDatabase = (url: string | null) => url === null || databaseIsNear(url)
  const because = "because this is development: set NODE_ENV=production, or ALLOW_INSECURE_DEVELOPMENT=true"
  const hosts = [
    ["PUBLIC_HOST", isLoopback(given.public_host)],
    ["INTERNAL_HOST", isLoopback(given.internal_host)],
    ["RUNNER_HOST", isLoopback(given.runner_host)],
    ["DATABASE_URL", isNearDatabase(given.database_url)],
    // What it migrates and seeds with demo people,
    ["DATABASE_MIGRATE_URL", isNearDatabase(given.database_migrate_url)],
    ["DATABASE_REPLICA_URL", isNearDatabase(given.database_replica_url)],
    // and what it says to phones and reads of mitras.
    ["VALKEY_URL", given.valkey_url === null || isLoopback(new URL(given.valkey_url).hostname)]
  ] as const
  return hosts.filter(([, isNear]) => !isNear)
    .map(([name]) => `${name} is not loopback: expected a loopback address, ${because}`)
}
