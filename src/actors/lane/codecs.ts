// The calls of each kind of actor and their answers as plain JSON, by the schemas that the cluster carries
// them with: what a runner of the version before leaves out is filled in here as there.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Refusal } from "../../domain/refusal.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { Mitra, MitraCall } from "../mitra/protocol.ts"
import { MitraReply } from "../../domain/mitra.ts"
import { ChatSession, SentReply, SessionCall } from "../session/protocol.ts"

/** Null for what does not fit: then the cluster carries it, and says so in its own words. */
type Translate<In, Out> = (value: In) => Out | null

interface Way<A> {
  readonly encode: Translate<A, { readonly json: unknown }>
  readonly decode: Translate<unknown, { readonly value: A }>
}

const wayOf = <A>(schema: Schema.Codec<A, any>): Way<A> => {
  const codec = Schema.toCodecJson(schema)
  const encode = Schema.encodeUnknownResult(codec)
  const decode = Schema.decodeUnknownResult(codec)
  return {
    encode: (value) => {
      const encoded = encode(value)
      return Result.isSuccess(encoded) ? { json: encoded.success } : null
    },
    decode: (json) => {
      const decoded = decode(json)
      return Result.isSuccess(decoded) ? { value: decoded.success } : null
    }
  }
}

export interface Codecs {
  readonly call: Way<any>
  readonly reply: Way<any>
}

export const codecs: ReadonlyMap<string, Codecs> = new Map([
  [Mitra.type as string, { call: wayOf(MitraCall), reply: wayOf(MitraReply) }],
  [ChatSession.type as string, { call: wayOf(SessionCall), reply: wayOf(SentReply) }]
])

export const failure: Way<Refusal | Unavailable> = wayOf(Schema.Union([Refusal, Unavailable]))
