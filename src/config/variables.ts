// The environment variables of the server: name, what a value must look like, the development default,
// and whether production needs it. One table, so that check-config and the errors always agree.
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

export type Environment = Readonly<Record<string, string | undefined>>

export interface Variable<A> {
  readonly name: string
  readonly expected: string
  /** null: not given and not needed. */
  readonly parse: (text: string) => A | null
  /** What development uses when the variable is not set. */
  readonly development: A
  /** Production refuses to start without it; otherwise the development default serves there too. */
  readonly required: boolean | ((environment: Environment) => boolean)
  readonly secret: boolean
}

interface Options<A> {
  readonly development: A
  readonly required?: Variable<A>["required"]
  readonly secret?: boolean
}

const variable = <A>(
  name: string,
  expected: string,
  parse: (text: string) => A | null,
  options: Options<A>
): Variable<A> => ({
  name,
  expected,
  parse,
  development: options.development,
  required: options.required ?? false,
  secret: options.secret ?? false
})

export const whole = (name: string, minimum: number, maximum: number, options: Options<number>) =>
  variable(name, `a whole number from ${minimum} to ${maximum}`, (text) => {
    const value = Number(text)
    return /^\d+$/.test(text) && value >= minimum && value <= maximum ? value : null
  }, options)

export const port = (name: string, development: number) => whole(name, 0, 65_535, { development })

export const flag = (name: string, development: boolean) =>
  variable(name, "true or false", (text) => text === "true" ? true : text === "false" ? false : null, {
    development
  })

/** A switch whose default is decided elsewhere; null when absent. */
export const switchOr = (name: string, otherwise: string) =>
  variable<boolean | null>(
    name,
    `true or false (on ${otherwise} when absent)`,
    (text) => text === "true" ? true : text === "false" ? false : null,
    { development: null }
  )

type IsGood = RegExp | ((given: string) => boolean)
const fits = (isGood: IsGood, given: string): boolean =>
  typeof isGood === "function" ? isGood(given) : isGood.test(given)

export const text = (name: string, expected: string, isGood: IsGood, options: Options<string>) =>
  variable(name, expected, (given) => fits(isGood, given) ? given : null, options)

/** Kept as text: ISO 8601 with a zone. */
export const instant = (name: string, development: string) =>
  variable(
    name,
    "an instant like 2030-01-07T09:00:00Z",
    (given) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(given) &&
        DateTime.make(given)._tag === "Some"
        ? given
        : null,
    { development }
  )

const urlOf = (given: string, protocols: ReadonlyArray<string>, path: RegExp): string | null => {
  // The directory of a database's socket stands in a parameter, and then there may be no host.
  const hosted = given.includes("host=/")
    ? given.replace(/^([a-z]+:\/\/[^@/?#]*@)(?=[/?])/, "$1localhost")
    : given
  if (!URL.canParse(hosted)) return null
  const url = new URL(hosted)
  return protocols.includes(url.protocol) && url.hostname.length > 0 && path.test(url.pathname) ? given : null
}

/** Kept as text: drivers read their own urls. Null when absent. */
export const url = (
  name: string,
  protocols: ReadonlyArray<string>,
  options: {
    readonly required?: boolean
    readonly secret?: boolean
    readonly path?: { readonly pattern: RegExp; readonly like: string }
  } = {}
) =>
  variable<string | null>(
    name,
    `a url like ${protocols.map((one) => `${one}//host:port${options.path?.like ?? ""}`).join(" or ")}`,
    (given) => urlOf(given, protocols, options.path?.pattern ?? /^/),
    { development: null, required: options.required ?? false, secret: options.secret ?? false }
  )

/** A web page's origin as browsers send it: scheme, host, port, nothing behind. Null when absent. */
export const origin = (name: string) =>
  variable<string | null>(
    name,
    "one web origin like https://host or https://host:port, without a path",
    (given) =>
      /^https?:/.test(given) && URL.canParse(given) && new URL(given).origin === given ? given : null,
    { development: null }
  )

/** A time zone by its name in the zone database. */
export const timeZone = (name: string, development: string) =>
  variable(
    name,
    "a time zone like UTC or Asia/Jakarta",
    (given) => Option.isSome(DateTime.zoneMakeNamed(given)) ? given : null,
    { development }
  )
/** Null when absent. */
export const optionalText = (name: string, expected: string, pattern: RegExp) =>
  variable<string | null>(name, expected, (given) => pattern.test(given) ? given : null, {
    development: null
  })

/** A secret that only some servers need. Null when absent. */
export const optionalSecret = (
  name: string,
  expected: string,
  isGood: IsGood
) =>
  variable<string | null>(name, expected, (given) => fits(isGood, given) ? given : null, {
    development: null,
    secret: true
  })

/** One or more comma separated secrets, each long enough to be one. */
export const secrets = (name: string, lengthMin: number, options: Options<string>) =>
  variable(name, `one or more comma separated secrets of at least ${lengthMin} characters`, (given) => {
    const parts = given.split(",").map((part) => part.trim())
    return parts.every((part) => part.length >= lengthMin) ? parts.join(",") : null
  }, { ...options, secret: true })

/** Reads one variable; the failure is a sentence that never shows a secret. */
export const read = <A>(
  of: Variable<A>,
  environment: Environment,
  production: boolean
): Result.Result<A, string> => {
  const isRequired = typeof of.required === "function" ? of.required(environment) : of.required
  const given = environment[of.name]?.trim()
  if (given === undefined || given === "") {
    return production && isRequired
      ? Result.fail(`${of.name} is missing: expected ${of.expected}`)
      : Result.succeed(of.development)
  }
  const parsed = of.parse(given)
  if (parsed !== null) return Result.succeed(parsed)
  const shown = of.secret ? "a value that is not shown" : JSON.stringify(given)
  return Result.fail(`${of.name} is malformed: got ${shown}, expected ${of.expected}`)
}
