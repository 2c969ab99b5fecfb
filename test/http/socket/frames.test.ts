// The frame parser as a function: it never throws, keeps only known fields, and answers in sentences.
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { parseFrame } from "../../../src/http/socket/frames.ts"
import { publicLimits } from "../../../src/http/socket/limits.ts"

const parse = (data: string | Uint8Array) => parseFrame(data, publicLimits)

describe("parsing a frame", () => {
  it("keeps the known fields of a request and nothing else", () => {
    const parsed = parse(JSON.stringify({
      _tag: "Request",
      id: "1",
      tag: "chat.send",
      payload: { body: "hi" },
      headers: [["authorization", "x"]],
      discard: true,
      isNotification: true,
      traceId: "t",
      spanId: "s",
      sampled: true
    }))
    assert.deepStrictEqual(Result.getOrThrow(parsed), [{
      _tag: "Request",
      id: "1",
      tag: "chat.send",
      payload: { body: "hi" },
      headers: []
    }])
  })

  it("takes the numbers of an acknowledgement within their bounds, and does without them", () => {
    const ack = (fields: object) => parse(JSON.stringify({ _tag: "Ack", requestId: "1", ...fields }))
    const taken = (fields: object) => Result.getOrThrow(ack(fields))[0]
    const known = { _tag: "Ack", requestId: "1" } as const
    assert.deepStrictEqual(taken({}), { ...known, chunks: 1, credit: null })
    assert.deepStrictEqual(taken({ chunks: 32, credit: 32, other: 1 }), { ...known, chunks: 32, credit: 32 })
    for (const wrong of [0, 33, 1.5, "1", null, [1]]) {
      for (const field of ["chunks", "credit"]) {
        const parsed = ack({ [field]: wrong })
        assert.isTrue(Result.isFailure(parsed), JSON.stringify(wrong))
        if (Result.isFailure(parsed)) assert.match(parsed.failure, /expected an integer of 1 to 32$/)
      }
    }
  })

  it("never throws, whatever the bytes", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.uint8Array()), (data) => {
      const parsed = parse(data)
      assert.isTrue(Result.isSuccess(parsed) || parsed.failure.length < 300)
    }))
  })

  it("never throws, whatever the JSON, and lets through only messages of known shape", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const parsed = parse(JSON.stringify(value))
      const messages = Result.isSuccess(parsed) ? parsed.success : []
      const known = ["Request", "Ack", "Interrupt", "Ping", "Eof"]
      assert.isTrue(messages.every((message) => known.includes(message._tag)))
    }))
  })

  it("reads 64 levels of nesting and not 65", () => {
    const request = (levels: number) =>
      `{"_tag":"Request","id":1,"tag":"a","payload":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`
    assert.isTrue(Result.isSuccess(parse(request(64))))
    assert.isTrue(Result.isFailure(parse(request(65))))
  })
})
