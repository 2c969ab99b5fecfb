// `call` and `settings`: one call of the control center from a terminal. Signs in as the configured admin by
// itself and keeps the token in DATA_DIR; what is written `key=value` is read as the call's schema wants it.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { SecureRandom } from "effect/crypto"
import { RpcSerialization } from "effect/rpc"
import { ServerConfig, type ServerConfigValues } from "../config/server-config.ts"
import { AdminApi } from "../contract/staff/staff-api.ts"

export class CallProblem extends Schema.TaggedError<CallProblem>()("CallProblem", {
  message: Schema.String
}) {}

type Json = Schema.Json
type Fields = Readonly<Record<string, Schema.Codec<unknown, unknown>>>

const problem = (message: string) => new CallProblem({ message })
const patienceMs = 20_000
const pageLimit = 20

const rpcs = AdminApi.requests as unknown as ReadonlyMap<
  string,
  { readonly payloadSchema: { readonly fields: Fields } }
>

const accepts = (schema: Schema.Codec<unknown, unknown>, value: unknown): boolean =>
  Result.isSuccess(Schema.decodeUnknownResult(RpcSerialization.json.codecFor(schema) as typeof schema)(value))

const jsonOf = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** `5` is a number where one is wanted, and the text "5" where a text is. */
const valueOf = (schema: Schema.Codec<unknown, unknown> | undefined, text: string): Json => {
  const json = jsonOf(text)
  if (schema === undefined) return json ?? text
  return json !== undefined && accepts(schema, json) ? json : accepts(schema, text) ? text : json ?? text
}

/** What may be left out: a command's id, a page's length, a filter, and whatever may be null. */
const defaultOf = (name: string, schema: Schema.Codec<unknown, unknown>, commandId: string) => {
  if (name === "command_id") return commandId
  if (name === "limit") return pageLimit
  if (name === "filter") return "all"
  return accepts(schema, null) ? null : undefined
}

/** Every call with what it takes, for who does not know them. */
export const callLines = (): ReadonlyArray<string> =>
  [...rpcs].map(([tag, { payloadSchema }]) =>
    [tag, ...Object.keys(payloadSchema.fields).filter((name) => name !== "command_id")].join(" ")
  )

/** What the call cannot do without, and nobody has said. */
const missingOf = (fields: Fields, payload: Readonly<Record<string, Json>>): ReadonlyArray<string> =>
  Object.entries(fields).flatMap(([name, schema]) =>
    name in payload || schema.ast.context?.isOptional === true ? [] : [name]
  )

export const payloadOf = (tag: string, given: ReadonlyArray<string>, commandId: string) => {
  const rpc = rpcs.get(tag)
  if (rpc === undefined) {
    const all = callLines()
    const like = all.filter((line) => line.includes(tag.replace(/^admin\./, "")))
    const known = (like.length > 0 ? like : all).join("\n  ")
    return Result.fail(problem(`There is no call named "${tag}". There are:\n  ${known}`))
  }
  const { fields } = rpc.payloadSchema
  const payload: Record<string, Json> = {}
  for (const one of given) {
    const [, key = "", text = ""] = /^([a-z_]+)=([^]*)$/.exec(one) ?? []
    if (key === "") return Result.fail(problem(`"${one}" is no key=value.`))
    if (fields[key] === undefined) {
      const names = Object.keys(fields).join(", ")
      return Result.fail(problem(`${tag} takes no "${key}". It takes: ${names === "" ? "nothing" : names}`))
    }
    payload[key] = valueOf(fields[key], text)
  }
  for (const [name, schema] of Object.entries(fields)) {
    const value = name in payload ? undefined : defaultOf(name, schema, commandId)
    if (value !== undefined) payload[name] = value
  }
  const missing = missingOf(fields, payload)
  if (missing.length > 0) {
    const example = missing.map((name) => `${name}=...`).join(" ")
    return Result.fail(problem(`${tag} needs more: npm run call -- ${[tag, ...given, example].join(" ")}`))
  }
  return Result.succeed(payload)
}

interface Refused {
  readonly code?: string
  readonly message?: string
  readonly details?: { readonly expected?: Json }
}

interface Answered {
  readonly value: Json
  /** Null when it was done. */
  readonly error: Refused | null
}

interface Reply {
  readonly exit?: {
    readonly _tag: string
    readonly value?: Json
    readonly cause?: ReadonlyArray<{ readonly error?: Refused }>
  }
}

/** One reply in an array, or, before there was a call at all, the refusal itself. */
const answeredOf = (body: unknown): Answered => {
  if (!Array.isArray(body)) return { value: null, error: body as Refused }
  const { exit } = body[0] as Reply
  return exit?._tag === "Success"
    ? { value: exit.value ?? null, error: null }
    : { value: null, error: exit?.cause?.[0]?.error ?? {} }
}

const refusalOf = ({ code, details, message }: Refused) => {
  const expected = Array.isArray(details?.expected) ? ` There are: ${details.expected.join(", ")}` : ""
  return problem(`${code ?? "FAILED"}: ${message ?? "no reason given"}${expected}`)
}

const hostOf = ({ internal_host }: ServerConfigValues): string =>
  ["0.0.0.0", "::"].includes(internal_host) ? "127.0.0.1" : internal_host

const ask = (config: ServerConfigValues, token: string | null, tag: string, payload: Json) =>
  Effect.tryPromise({
    try: async (): Promise<Answered> => {
      const response = await fetch(`http://${hostOf(config)}:${config.internal_port}/rpc`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === null ? {} : { authorization: `Bearer ${token}` })
        },
        body: JSON.stringify({ _tag: "Request", id: "1", tag, payload }),
        signal: AbortSignal.timeout(patienceMs)
      })
      return answeredOf(await response.json())
    },
    catch: () =>
      problem(`No server answers at ${hostOf(config)}:${config.internal_port}. Is \`npm start\` running?`)
  })

const signIn = Effect.fnUntraced(function*(config: ServerConfigValues, file: string, code: string | null) {
  const account = { email: config.admin_email, password: Redacted.value(config.admin_password), code }
  const { error, value } = yield* ask(config, null, "admin.sign_in", account)
  if (error?.code === "SECOND_FACTOR_REQUIRED") {
    return yield* problem("This admin has a second factor: npm run call -- --code 123456 <call>")
  }
  if (error !== null) return yield* refusalOf(error)
  const { access_token } = value as { readonly access_token: string }
  mkdirSync(config.data_dir, { recursive: true })
  writeFileSync(file, access_token, { mode: 0o600 })
  chmodSync(file, 0o600)
  return access_token
})

const isOver = (code: string | undefined): boolean =>
  ["TOKEN_INVALID", "TOKEN_EXPIRED", "NOT_SIGNED_IN"].includes(code ?? "")

/** Asked for by calls that move money, chats or rights. */
const stepUp = Effect.fnUntraced(function*(config: ServerConfigValues, token: string) {
  const { error } = yield* ask(config, token, "admin.step_up", {
    password: Redacted.value(config.admin_password),
    code: null
  })
  if (error !== null) return yield* refusalOf(error)
})

export const call = Effect.fnUntraced(function*(
  tag: string,
  given: ReadonlyArray<string>,
  code: string | null = null
) {
  const config = yield* ServerConfig
  const commandId = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV4()).pipe(
    Effect.provide(SecureRandom.layerWebCrypto)
  )
  const payload = yield* Effect.fromResult(payloadOf(tag, given, commandId))
  const file = join(config.data_dir, `staff-token-${config.internal_port}`)
  let token = existsSync(file) ? readFileSync(file, "utf8") : yield* signIn(config, file, code)
  let answered = yield* ask(config, token, tag, payload)
  // It ran out, or belongs to a server that is no more.
  if (isOver(answered.error?.code)) {
    token = yield* signIn(config, file, code)
    answered = yield* ask(config, token, tag, payload)
  }
  if (answered.error?.code === "STEP_UP_REQUIRED") {
    yield* stepUp(config, token)
    answered = yield* ask(config, token, tag, payload)
  }
  if (answered.error !== null) return yield* refusalOf(answered.error)
  yield* Console.log(JSON.stringify(answered.value, null, 2))
})
