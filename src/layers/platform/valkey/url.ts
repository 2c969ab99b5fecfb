// VALKEY_URL: valkey://, valkeys://, redis:// or rediss://, with user, password and database number.
// A malformed one is refused with its reason; the reason never shows the url, which holds a secret.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

export class ValkeyUrlInvalid extends Schema.TaggedError<ValkeyUrlInvalid>()("ValkeyUrlInvalid", {
  message: Schema.String
}) {}

export interface ValkeyAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly username: string | null
  readonly password: string | null
  readonly database: number
}

const protocols = ["valkey:", "valkeys:", "redis:", "rediss:"]
const portDefault = 6379

const invalid = (why: string) =>
  Result.fail(new ValkeyUrlInvalid({ message: `VALKEY_URL is malformed: ${why}` }))

const plain = (part: string): string | null => {
  if (part === "") return null
  try {
    return decodeURIComponent(part)
  } catch {
    // A bare % in a password that was not encoded means itself.
    return part
  }
}

export const parseValkeyUrl = (text: string): Result.Result<ValkeyAddress, ValkeyUrlInvalid> => {
  if (!URL.canParse(text)) return invalid("it is no url")
  const url = new URL(text)
  if (!protocols.includes(url.protocol)) {
    return invalid(
      `it starts with ${url.protocol}, expected ${protocols.map((one) => `${one}//`).join(", ")}`
    )
  }
  if (url.hostname === "") return invalid("it names no host")
  const database = /^\/?(\d{0,5})$/.exec(url.pathname)
  if (database === null) return invalid("its path must be a database number, as in redis://host:6379/2")
  if (url.search !== "" || url.hash !== "") return invalid("it has parameters, and none are known")
  return Result.succeed({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? portDefault : Number(url.port),
    tls: url.protocol === "rediss:" || url.protocol === "valkeys:",
    username: plain(url.username),
    password: plain(url.password),
    database: Number(database[1])
  })
}
