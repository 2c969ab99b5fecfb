// Runners of the version before, as far as others can tell: what they send and what they hear passes through
// the calls between runners as that version wrote them down (previous-contract.jsonl). A field it did not
// know is gone, a command it did not know is not understood. Frozen by freeze-contract.ts.
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { Reply } from "effect/cluster"
import { SchemaBinary } from "effect/encoding"
import { Rpc, RpcSerialization } from "effect/rpc"
import { Mitra } from "../../src/actors/mitra/protocol.ts"
import { ChatSession } from "../../src/actors/session/protocol.ts"

// Calls of any actor: which one is known by the golden file's names only.
// oxlint-disable-next-line typescript/no-explicit-any
type AnySchema = Schema.Codec<any, any>
type Bytes = Uint8Array<ArrayBuffer>

const runOf = (entity: typeof Mitra | typeof ChatSession) =>
  entity.protocol.requests.get("Run") as unknown as Rpc.AnyWithProps

export const calls: Readonly<Record<string, Rpc.AnyWithProps>> = {
  mitra: runOf(Mitra),
  session: runOf(ChatSession)
}

export const parts = ["payloadSchema", "successSchema", "errorSchema"] as const

/** What these may name besides plain data. */
const revivers = [
  SchemaRepresentation.JsonReviver,
  SchemaRepresentation.isIntReviver,
  SchemaRepresentation.isFiniteReviver
] as ReadonlyArray<SchemaRepresentation.AnyReviver>

/** The calls of this version, a line for each part of each. */
export const contractNow = (): string =>
  Object.entries(calls).flatMap(([name, rpc]) =>
    parts.map((part) => {
      const document = SchemaRepresentation.toRepresentation(Schema.toEncoded(rpc[part]).ast)
      return `${JSON.stringify({ name, part, schema: SchemaRepresentation.toJson(document) })}\n`
    })
  ).join("")

export const frozenAt = new URL("previous-contract.jsonl", import.meta.url)
export const frozen = (): string => readFileSync(frozenAt, "utf8")

export interface Line {
  readonly name: string
  readonly part: (typeof parts)[number]
  readonly schema: Schema.Json
}

export const linesOf = (text: string): ReadonlyArray<Line> =>
  text.trim().split("\n").map((line): Line => JSON.parse(line))

export const revived = (lines: ReadonlyArray<Line>, name: string, part: Line["part"]): AnySchema => {
  const line = lines.find((one) => one.name === name && one.part === part)
  if (line === undefined) throw new Error(`the frozen contract has no ${part} of ${name}`)
  const schema = SchemaRepresentation.fromRepresentation(SchemaRepresentation.fromJson(line.schema), {
    revivers
  })
  return Schema.make<AnySchema>(schema.ast)
}

/** Read and written again by the version before: what is left of it. */
const through = (before: AnySchema) => {
  const codec = SchemaBinary.toCodec(before)
  return (bytes: Bytes) =>
    Schema.decodeEffect(codec)(bytes).pipe(
      Effect.flatMap(Schema.encodeEffect(codec)),
      // The encoder's memory is its own.
      Effect.map((again): Bytes => again.slice()),
      Effect.mapError(({ issue }) => issue)
    )
}

const asBefore = (now: AnySchema, before: AnySchema) =>
  (Schema.Uint8Array as Schema.Codec<Bytes>).pipe(
    Schema.decodeTo(
      now as Schema.Codec<unknown, Bytes>,
      SchemaTransformation.transformEffect<Bytes, Bytes>({ decode: through(before), encode: through(before) })
    )
  )

const replyOf = (rpc: Rpc.AnyWithProps): AnySchema =>
  Schema.Union([Reply.WithExit.schema(rpc), Reply.Chunk.schema(rpc)]) as unknown as AnySchema

const shipped = Effect.runSync(
  Effect.provide(RpcSerialization.RpcSerialization, RpcSerialization.layerSchemaBinary())
)

/** What a runner that knows only `contract` makes of calls and answers. */
const speaking = (contract: string): RpcSerialization.RpcSerialization["Service"] => {
  const lines = linesOf(contract)
  const payloads = new Map<unknown, AnySchema>()
  let reply: AnySchema | null = null
  const codecFor = ((schema: AnySchema) => {
    const before = reply ?? payloads.get(schema)
    const now = shipped.codecFor(schema)
    return before === undefined ? now : asBefore(now as AnySchema, before)
  }) as typeof shipped.codecFor
  for (const [name, rpc] of Object.entries(calls)) {
    const [payload, success, error] = parts.map((part) => revived(lines, name, part))
    payloads.set(rpc.payloadSchema, payload!)
    // The cluster makes the schema of a reply itself, once for each codec and call: now.
    reply = replyOf(Rpc.make("Run", { payload: payload!, success: success!, error: error! }) as never)
    Reply.Reply(rpc, codecFor)
    reply = null
  }
  return RpcSerialization.RpcSerialization.of({ ...shipped, codecFor })
}

/** Once for all runners that speak it: codecs are dear to make. */
let known: RpcSerialization.RpcSerialization["Service"] | null = null

/** As `serialization` of a runner's cluster. */
export const versionBefore = Layer.sync(RpcSerialization.RpcSerialization)(() => known ??= speaking(frozen()))
