// Everything a client can get wrong on the wire. Each mistake gets its documented answer or close code,
// and a neighbour on the same server never notices.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { listening } from "./listening.ts"
import { codeOf, connect, type Phone, refusalOf, request } from "./phone.ts"

const isServed = Effect.fnUntraced(function*(phone: Phone) {
  phone.send(request("served", "test.echo", { text: "still here" }))
  assert.strictEqual((yield* phone.next).exit.value.text, "still here")
})

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
const batch = (count: number) => Array.from({ length: count }, () => ({ _tag: "Ping" }))

const malformed: ReadonlyArray<readonly [string, string | Uint8Array, RegExp]> = [
  ["text that is not JSON", "hello", /not JSON: "hello"/],
  ["an empty frame", "", /not JSON/],
  ["half a message", "{\"_tag\":\"Requ", /not JSON/],
  ["null", "null", /a message was null; expected an object/],
  ["a number", "17", /a message was 17/],
  ["a text", "\"Ping\"", /a message was "Ping"/],
  ["an object without a tag", "{}", /_tag was nothing; expected Request, Ack/],
  ["an unknown tag", "{\"_tag\":\"Reboot\"}", /_tag was "Reboot"; expected/],
  ["a tag that is not text", "{\"_tag\":{}}", /_tag was an object/],
  ["a request without an id", "{\"_tag\":\"Request\",\"tag\":\"test.who\"}", /id was nothing; expected/],
  ["an empty id", "{\"_tag\":\"Request\",\"id\":\"\",\"tag\":\"test.who\"}", /id was ""/],
  ["an endless id", `{"_tag":"Request","id":"${"x".repeat(65)}","tag":"test.who"}`, /id was "x+"; expected/],
  [
    "an id that is no number to count with",
    "{\"_tag\":\"Request\",\"id\":1e999,\"tag\":\"a\"}",
    /id was Infinity/
  ],
  ["a fractional id", "{\"_tag\":\"Request\",\"id\":1.5,\"tag\":\"a\"}", /id was 1.5/],
  ["a request without a call", "{\"_tag\":\"Request\",\"id\":\"1\"}", /tag was nothing; expected the name/],
  ["a call that is not text", "{\"_tag\":\"Request\",\"id\":\"1\",\"tag\":5}", /tag was 5/],
  ["an acknowledgement of nothing", "{\"_tag\":\"Ack\"}", /requestId was nothing/],
  ["a cancel of an object", "{\"_tag\":\"Interrupt\",\"requestId\":{}}", /requestId was an object/],
  ["an empty batch", "[]", /a batch of 0 messages; expected 1 to 64/],
  ["a batch that is too long", JSON.stringify(batch(65)), /a batch of 65 messages/],
  [
    "a batch with one bad message",
    "[{\"_tag\":\"Ping\"},null]",
    /message 1 of the batch: a message was null/
  ],
  ["a batch of batches", "[[{\"_tag\":\"Ping\"}]]", /message 0 of the batch: a message was an array/],
  ["JSON nested beyond reason", deep(30_000), /nested deeper than 64 levels/],
  ["a deep payload", `{"_tag":"Request","id":1,"tag":"test.echo","payload":${deep(100)}}`, /nested deeper/],
  ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), /a binary frame that is not UTF-8/]
]

describe("a malformed frame", () => {
  for (const [what, frame, explanation] of malformed) {
    it.live(`(${what}) is answered with what was given and expected, and the connection lives on`, () =>
      Effect.gen(function*() {
        const phone = yield* connect((yield* listening()).url)
        phone.send(frame)
        const answer = yield* phone.next
        assert.deepStrictEqual(Object.keys(answer), ["_tag", "defect"])
        assert.strictEqual(answer._tag, "Defect")
        assert.strictEqual(answer.defect.code, "MALFORMED_FRAME")
        assert.match(answer.defect.message, explanation)
        assert.isBelow(answer.defect.message.length, 300)
        yield* isServed(phone)
      }))
  }

  it.live("executes nothing of a batch that has another bad message", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send([request("1", "test.echo", { text: "x" }), 5])
      assert.strictEqual((yield* phone.next)._tag, "Defect")
      yield* isServed(phone)
      assert.deepStrictEqual(phone.received, [])
    }))

  it.live("closes the connection when it is the 20th in a row, not when good ones are between", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      for (let round = 0; round < 3; round++) {
        phone.send(...Array.from({ length: 19 }, () => "?"))
        yield* phone.take(19)
        yield* isServed(phone)
      }
      phone.send(...Array.from({ length: 25 }, () => "?"))
      assert.deepStrictEqual(yield* phone.closed, {
        code: 4500,
        reason: "{\"reason\":\"malformed\",\"retry_after_ms\":10000}"
      })
    }))
})

describe("a frame the WebSocket layer itself refuses", () => {
  it.live("because it is larger than 64 KiB closes with 1009; exactly 64 KiB is read", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      const wrapping = JSON.stringify(request("1", "test.echo", { text: "" })).length
      phone.send(request("1", "test.echo", { text: "x".repeat(65_536 - wrapping) }))
      assert.strictEqual((yield* phone.next).exit._tag, "Success")
      phone.send(request("1", "test.echo", { text: "x".repeat(65_537 - wrapping) }))
      assert.deepStrictEqual(yield* phone.closed, {
        code: 1009,
        reason: "{\"reason\":\"too_big\",\"retry_after_ms\":10000}"
      })
    }))

  it.live("because it is text that is not UTF-8 closes with 1007", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.ws.send(new Uint8Array([0xff, 0xfe]), { binary: false })
      assert.strictEqual((yield* phone.closed).code, 1007)
    }))

  it.live("because it is not a WebSocket frame at all closes that connection only", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      const wire = phone.ws as unknown as { readonly _socket: { readonly write: (data: Uint8Array) => void } }
      wire._socket.write(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff]))
      assert.strictEqual((yield* phone.closed).code, 1002)
      yield* isServed(neighbour)
    }))
})

describe("a request that is well formed but wrong", () => {
  const wrong: ReadonlyArray<readonly [string, unknown]> = [
    ["a missing field", {}],
    ["a wrong type", { text: 5 }],
    ["a payload that is not an object", "text"],
    ["an array for an object", [1, 2]],
    ["a huge wrong field", { text: [..."x".repeat(10_000)] }]
  ]
  for (const [what, payload] of wrong) {
    it.live(`(${what}) is BAD_REQUEST with the schema's words, and only that call`, () =>
      Effect.gen(function*() {
        const phone = yield* connect((yield* listening()).url)
        phone.send(request("1", "test.echo", payload))
        const frame = yield* phone.next
        assert.strictEqual(codeOf(frame), "BAD_REQUEST")
        assert.match(refusalOf(frame).message, /Expected|Missing key/)
        assert.isAtMost(refusalOf(frame).message.length, 1_000)
        assert.deepStrictEqual(refusalOf(frame).details, {})
        yield* isServed(phone)
      }))
  }

  it.live("is UNKNOWN_METHOD when there is no such call, whatever its name", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      for (const tag of ["test.nope", "__proto__", "constructor", "toString", " test.echo"]) {
        phone.send(request(tag, tag))
        const frame = yield* phone.next
        assert.strictEqual(frame.requestId, tag)
        assert.strictEqual(codeOf(frame), "UNKNOWN_METHOD")
      }
    }))

  it.live("closes the connection when its id is still in flight", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      phone.send(request("1", "test.slow"), request("1", "test.who"))
      assert.deepStrictEqual(yield* phone.closed, {
        code: 4501,
        reason: "{\"reason\":\"duplicate_request_id\"}"
      })
      assert.deepStrictEqual(server.observed.interrupted, ["test.slow"])
      yield* isServed(neighbour)
    }))

  it.live("closes the connection for a used id even if the second request would have been refused", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send(request("1", "test.slow"), request("1", "test.nope"))
      assert.strictEqual((yield* phone.closed).code, 4501)
      assert.deepStrictEqual(phone.received, [])
    }))

  it.live("does not confuse the id 1 with the id \"1\"", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send(request(1, "test.slow"), request("1", "test.echo", { text: "x" }))
      assert.strictEqual((yield* phone.next).requestId, "1")
    }))
})
