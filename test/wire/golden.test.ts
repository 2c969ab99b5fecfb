// The golden frames themselves: that comparing with them can fail, and that everything in them is what
// the contract says: known calls, payloads and values that decode, refusal codes that exist.
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { RpcSchema } from "effect/rpc"
import { CallError } from "../../src/contract/errors.ts"
import { SessionFact } from "../../src/contract/public/events.ts"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import { difference, fill, goldens, type Json } from "./golden.ts"

const samples: Readonly<Record<string, string>> = {
  id: "018f0000-0000-7000-8000-000000000001",
  instant: "2026-01-01T00:00:00.000Z",
  token: "a-token-of-some-length",
  webhook_token: "token",
  text: "some text",
  int: "7"
}
const filled = (template: Json) => fill(template, (_, kind) => samples[kind] ?? "")

interface Spoken {
  readonly where: string
  readonly phone: string
  readonly frame: { readonly [key: string]: Json }
  readonly sent: boolean
}

/** Every frame of every file, in playing order, with placeholders replaced by samples. */
const spoken: ReadonlyArray<Spoken> = goldens.flatMap(({ file, steps }) =>
  steps.flatMap((step, index): ReadonlyArray<Spoken> => {
    if (!("phone" in step) || "send_text" in step) return []
    const frame = filled("send" in step ? step.send : step.receive) as Spoken["frame"]
    return [{ where: `${file} step ${index + 1}`, phone: step.phone, frame, sent: "send" in step }]
  })
)

const codec = (schema: Schema.Top) => schema as Schema.Codec<unknown>

const reasonNot = (schema: Schema.Top, value: unknown): string | null => {
  // A field the contract does not know would be dropped by a decoder; here it must not exist.
  const decoded = Schema.decodeUnknownResult(codec(schema), { onExcessProperty: "error" })(value)
  return Result.isSuccess(decoded) ? null : String(decoded.failure)
}

const rpcOf = (tag: string) => {
  const rpc = PublicApi.requests.get(tag)
  return rpc === undefined ? null : rpc as unknown as { payloadSchema: Schema.Top; successSchema: Schema.Top }
}

interface ExitFrame {
  readonly _tag: string
  readonly value?: unknown
  readonly cause?: ReadonlyArray<{ readonly _tag: string; readonly error: unknown }>
}

const exitProblem = (tag: string, exit: ExitFrame): string | null => {
  if (exit._tag === "Failure") {
    if (exit.cause?.length !== 1 || exit.cause[0]?._tag !== "Fail") {
      return "a failure carries exactly one Fail"
    }
    return reasonNot(CallError, exit.cause[0].error)
  }
  const success = rpcOf(tag)?.successSchema
  if (success === undefined) return `success of an unknown call ${tag}`
  return RpcSchema.isStreamSchema(success) ? null : reasonNot(success, exit.value)
}

const chunkProblems = (tag: string, values: ReadonlyArray<unknown>): ReadonlyArray<string | null> => {
  const stream = rpcOf(tag)?.successSchema
  return stream !== undefined && RpcSchema.isStreamSchema(stream)
    ? values.map((value) => reasonNot(stream.success, value))
    : [`values of ${tag}, which is no stream`]
}

describe("golden frames", () => {
  it("send only calls of the contract, with payloads it accepts, except where a no is shown", () => {
    for (const { frame, sent, where, phone } of spoken.filter((each) => each.sent)) {
      if (!sent || frame["_tag"] !== "Request") continue
      const rpc = rpcOf(String(frame["tag"]))
      const problem = rpc === null ? "unknown call" : reasonNot(rpc.payloadSchema, frame["payload"])
      const answer = spoken.find((each) =>
        !each.sent && each.phone === phone && each.frame["requestId"] === frame["id"]
      )
      const isShownAsNo = /"UNKNOWN_METHOD"|"BAD_REQUEST"/.test(JSON.stringify(answer?.frame))
      assert.isTrue(problem === null || isShownAsNo, `${where}: ${problem}`)
    }
  })

  it("show answers, refusals and events exactly as the contract has them", () => {
    const tags = new Map<string, string>()
    for (const { where, phone, frame, sent } of spoken) {
      if (sent && frame["_tag"] === "Request") tags.set(`${phone} ${frame["id"]}`, String(frame["tag"]))
      if (sent) continue
      const problems = frame["_tag"] === "Chunk"
        ? chunkProblems(
          tags.get(`${phone} ${frame["requestId"]}`) ?? "",
          frame["values"] as ReadonlyArray<unknown>
        )
        : frame["_tag"] === "Exit"
        ? [
          exitProblem(tags.get(`${phone} ${frame["requestId"]}`) ?? "", frame["exit"] as unknown as ExitFrame)
        ]
        : []
      assert.deepStrictEqual(problems.filter((problem) => problem !== null), [], where)
    }
  })

  it("show every call there is", () => {
    const shown = new Set(
      spoken.flatMap(({ frame }) => frame["_tag"] === "Request" ? [String(frame["tag"])] : [])
    )
    assert.deepStrictEqual([...PublicApi.requests.keys()].filter((tag) => !shown.has(tag)), [])
  })

  it("show every kind of event except those that need minutes or a setback", () => {
    const shown = JSON.stringify(spoken.filter(({ sent }) => !sent).map(({ frame }) => frame["values"]))
    const kinds = ["snapshot", "session", "receipt", "typing", "offer", "offer_closed", "mitra_status"]
    for (const kind of kinds) assert.include(shown, `"_tag":"${kind}"`)
  })

  it("show every kind of session fact except those that need minutes or staff", () => {
    const shown = JSON.stringify(spoken.filter(({ sent }) => !sent).map(({ frame }) => frame["values"]))
    const kinds = SessionFact.members.flatMap((member) => [...member.fields.kind.literals])
    assert.deepStrictEqual(
      kinds.filter((kind) => !shown.includes(`"fact":{"kind":"${kind}"`)).toSorted(),
      ["pairing_failed", "rerouted", "warning"]
    )
  })
})

describe("comparing with a golden frame", () => {
  const id = samples["id"] ?? ""
  const other = id.replace("1", "2")

  it("accepts the same frame and remembers what its names stand for", () => {
    const bindings = new Map<string, string>()
    const template = { a: "$id:one", url: "builtin:$id:one", n: "$int", list: [null, true, "$instant"] }
    const given = { a: id, url: `builtin:${id}`, n: 12, list: [null, true, "2026-01-01T00:00:00.000Z"] }
    assert.isNull(difference(template, given, bindings))
    assert.strictEqual(bindings.get("id:one"), id)
  })

  it.each<[string, Json, Json]>([
    ["a missing field", { a: 1, b: 2 }, { a: 1 }],
    ["a field too many", { a: 1 }, { a: 1, b: null }],
    ["another value", { a: "x" }, { a: "y" }],
    ["another type", { a: "$int" }, { a: "7" }],
    ["a longer list", { a: [1] }, { a: [1, 2] }],
    ["a shorter list", { a: [1, 2] }, { a: [1] }],
    ["an object for a list", { a: [] }, { a: {} }],
    ["null for an object", { a: {} }, { a: null }],
    ["a time without milliseconds", { a: "$instant" }, { a: "2026-01-01T00:00:00Z" }],
    ["an id that is none", { a: "$id" }, { a: "x" }],
    ["a name that means two things", { a: "$id:one", b: "$id:one" }, { a: id, b: other }],
    ["text around a name", { a: "x:$id" }, { a: `y:${id}` }]
  ])("sees %s", (_, template, given) => {
    assert.isNotNull(difference(template, given, new Map()))
  })
})
