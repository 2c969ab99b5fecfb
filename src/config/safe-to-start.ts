// What a configuration must not be, whatever its single values look like: secrets that everybody knows, a
// back network open to whoever connects, and development on what real people use. Each problem is a sentence.
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
  readonly private_network: boolean
  readonly xendit_enabled: boolean
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)

/** Fewer different characters than this is a placeholder and no secret. */
const varietyMin = 8

const isWeak = (secret: string, published: ReadonlyArray<string>): boolean =>
  published.includes(secret) || new Set(secret).size < varietyMin

const secretVariables = {
  AUTH_JWT_SECRET: (given) => given.auth_jwt_secret,
  // Read only where the built-in provider's word counts.
  PAYMENT_WEBHOOK_TOKEN: (given) => given.xendit_enabled ? null : given.payment_webhook_token,
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

const encrypting = ["require", "verify-ca", "verify-full"]

const databaseIsOpen = (url: string): boolean => {
  const { hostname, searchParams } = new URL(url)
  return !isLoopback(hostname) && !encrypting.includes(searchParams.get("sslmode") ?? "")
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
  ...openBackNetwork(given)
]

/** Development knows fixed codes and published secrets: whoever reaches it may do everything. */
export const unsafeInDevelopment = (
  given: Pick<Exposure, "public_host" | "internal_host" | "runner_host" | "database_url">
): ReadonlyArray<string> => {
  const because = "because this is development: set NODE_ENV=production, or ALLOW_INSECURE_DEVELOPMENT=true"
  const hosts = [
    ["PUBLIC_HOST", given.public_host],
    ["INTERNAL_HOST", given.internal_host],
    ["RUNNER_HOST", given.runner_host],
    ["DATABASE_URL", given.database_url === null ? "localhost" : new URL(given.database_url).hostname]
  ] as const
  return hosts.filter(([, host]) => !isLoopback(host))
    .map(([name]) => `${name} is not loopback: expected a loopback address, ${because}`)
}
