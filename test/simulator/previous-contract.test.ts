// The calls between runners, as this version and the frozen one before it understand each other. A field that
// this version demands and the other never heard of stops every call between them in a deploy.
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { SchemaBinary } from "effect/encoding"
import {
  calls,
  contractNow,
  frozen,
  type Line,
  linesOf,
  parts,
  revived
} from "../../simulator/server/previous-contract.ts"

type AnySchema = Schema.Codec<any, any>

/** Draws what one of them may say; what the other does not understand of it. */
const problemOf = (said: AnySchema, heard: AnySchema): string | null => {
  const [from, to] = [SchemaBinary.toCodec(said), SchemaBinary.toCodec(heard)]
  const drawn = Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(said), { count: 300, seed: 7 }))
  for (const value of drawn) {
    const bytes = Schema.encodeSync(from)(value).slice()
    const exit = Schema.decodeExit(to)(bytes)
    // What its own side cannot read either (a key of a record drawn twice) is nobody's news.
    if (Exit.isFailure(exit) && Exit.isSuccess(Schema.decodeExit(from)(bytes))) return String(exit.cause)
  }
  return null
}

/** By part: whether the older one is understood now, and what this version answers by the older one. */
const problems = (before: ReadonlyArray<Line>) =>
  Object.entries(calls).flatMap(([name, rpc]) =>
    parts.flatMap((part) => {
      const [old, now] = [revived(before, name, part), Schema.toEncoded(rpc[part]) as AnySchema]
      const heard = [`${name} ${part} of before`, problemOf(old, now)] as const
      const answered = [
        `${name} ${part} of now`,
        part === "successSchema" ? problemOf(now, old) : null
      ] as const
      return [heard, answered]
    })
  ).filter(([, problem]) => problem !== null)

/** As if this version had come to demand it. */
const without = (lines: ReadonlyArray<Line>, field: string): ReadonlyArray<Line> =>
  JSON.parse(
    JSON.stringify(lines),
    (key, value) =>
      key === "propertySignatures"
        ? value.filter((one: { readonly name: { readonly value: string } }) => one.name.value !== field)
        : value
  )

describe("the version before", () => {
  it("is understood by this one, and understands what this one answers", () => {
    assert.deepStrictEqual(problems(linesOf(frozen())), [])
  })

  it("would not be, if a call demanded what it does not send", () => {
    const found = problems(without(linesOf(contractNow()), "sender_id")).map(([what]) => what)
    assert.deepStrictEqual(found, ["mitra payloadSchema of before", "session payloadSchema of before"])
    const answer = problems(without(linesOf(contractNow()), "is_online")).map(([what]) => what)
    assert.deepStrictEqual(answer, ["mitra successSchema of before"])
  })
})
