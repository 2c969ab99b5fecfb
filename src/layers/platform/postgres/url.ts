// DATABASE_URL as libpq writes it: which of its parameters are honoured, and a refusal by name for every
// other one. The driver skips what it does not know, and a skipped sslmode is an unencrypted connection.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import type { ConnectionOptions } from "node:tls"

export class DatabaseUrlInvalid extends Schema.TaggedError<DatabaseUrlInvalid>()("DatabaseUrlInvalid", {
  message: Schema.String
}) {}

export interface DatabaseAddress {
  readonly url: Redacted.Redacted
  /** Absent: what the driver makes of the url alone. */
  readonly ssl?: ConnectionOptions
}

/** What the driver itself reads from a url. */
const driverReads = [
  "host",
  "port",
  "user",
  "password",
  "dbname",
  "application_name",
  "options",
  "connect_timeout"
]
const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
const oursToo = ["sslmode", "sslrootcert", "channel_binding", "target_session_attrs", "gssencmode"]

/** Parameters with one value that says what is so anyway. */
const alreadySo: Readonly<Record<string, ReadonlyArray<string>>> = {
  channel_binding: ["disable", "prefer", "require"],
  target_session_attrs: ["read-write", "primary"],
  gssencmode: ["disable", "prefer"],
  sslmode: modes
}

const refused = (message: string) => new DatabaseUrlInvalid({ message: `DATABASE_URL: ${message}` })

/** A socket's url may have no host of its own, which URL parsers do not take behind a user name. */
export const withHost = (url: string): string =>
  url.replace(/^(postgres(?:ql)?:\/\/[^@/?#]*@)(?=[/?])/, "$1localhost")

const problemOf = (parameters: URLSearchParams): string | null => {
  for (const [name, value] of parameters) {
    if (!driverReads.includes(name) && !oursToo.includes(name)) {
      return `the parameter ${name} is not known here and would be skipped in silence. Leave it out, or ` +
        `use one of ${[...driverReads, ...oursToo].join(", ")}.`
    }
    const values = alreadySo[name]
    if (values !== undefined && !values.includes(value)) {
      return `${name} can be ${values.join(", ")}; it is something else.`
    }
  }
  const mode = parameters.get("sslmode") ?? "prefer"
  return parameters.has("sslrootcert") && ["disable", "allow", "prefer"].includes(mode)
    ? `sslrootcert needs sslmode require, verify-ca or verify-full; it is ${mode}.`
    : null
}

const authority = (file: string) =>
  Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: () => refused(`the file of sslrootcert, ${file}, cannot be read.`)
  })

/**
 * As libpq: `require` encrypts and does not verify, with an authority given it verifies as `verify-ca` does.
 * channel_binding=require, which the driver does not speak, is met by what it is for: the certificate and
 * the name are verified.
 */
const sslOf = Effect.fnUntraced(function*(parameters: URLSearchParams) {
  const mode = parameters.get("sslmode")
  const root = parameters.get("sslrootcert")
  if (mode === null || !["require", "verify-ca", "verify-full"].includes(mode)) return undefined
  const ca = root === null || root === "system" ? {} : { ca: yield* authority(root) }
  const isFull = mode === "verify-full" || root === "system" ||
    parameters.get("channel_binding") === "require"
  if (isFull) return { ...ca, rejectUnauthorized: true }
  if (mode === "require" && root === null) return { rejectUnauthorized: false }
  return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined }
})

export const databaseAddress = Effect.fnUntraced(function*(given: Redacted.Redacted) {
  const raw = withHost(Redacted.value(given))
  if (!URL.canParse(raw)) return yield* refused("it is no url.")
  const { searchParams } = new URL(raw)
  const problem = problemOf(searchParams)
  if (problem !== null) return yield* refused(problem)
  const ssl = yield* sslOf(searchParams)
  const url = Redacted.make(raw)
  return (ssl === undefined ? { url } : { url, ssl }) satisfies DatabaseAddress
})
