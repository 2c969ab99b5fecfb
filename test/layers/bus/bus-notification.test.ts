// What goes through Postgres between runners: it fits, it arrives as it was, and what cannot be read
// becomes a Resync.
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { decode, encode, payloadLimit } from "../../../src/layers/bus/notification.ts"
import type { BusEvent, BusMessage, Topic } from "../../../src/services/bus/bus.ts"
import { everyEvent, typing, typings } from "../../../testkit/conformance/bus.ts"

const sender = () => {
  let number = 0
  return { runner: "018f0000-0000-4000-8000-000000000001", nextNumber: () => ++number }
}
const none = { missed: false, leaving: false }
const received = (payloads: ReadonlyArray<string>) =>
  payloads.flatMap((payload) => decode(payload)?.messages ?? [])

const said = (body: string, seq: number | null): BusEvent => ({
  _tag: "SessionEvent",
  session_id: "s",
  seq,
  event: {
    _tag: "MessageSent",
    at: 1,
    message_id: "m",
    client_message_id: "c",
    side: "mitra",
    sender_id: "u",
    body
  }
})
const someTopic = fc.integer({ min: 1, max: 99 }).map((number): Topic => `customer:${number}`)
// Long enough to need several payloads, short enough that no message has to be shortened.
const someEvent = fc.oneof(
  fc.constantFrom(...everyEvent),
  fc.tuple(fc.string({ unit: "binary", maxLength: 1_000, size: "max" }), fc.nat()).map(([body, seq]) =>
    said(body, seq)
  )
)
const someMessages = fc.array(fc.record({ topic: someTopic, event: someEvent }), {
  maxLength: 40,
  size: "max"
})

describe("a notification between runners", () => {
  it("carries any messages unchanged and in order, in payloads Postgres accepts", () => {
    fc.assert(
      fc.property(someMessages, (messages) => {
        const payloads = encode(sender(), messages, none)
        assert.deepStrictEqual(received(payloads), messages)
        for (const payload of payloads) assert.isAtMost(Buffer.byteLength(payload), payloadLimit)
      }),
      { numRuns: 50, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: true }
    )
  })

  it("packs small messages together", () => {
    const payloads = encode(sender(), typings("customer:1", 500), none)
    assert.isBelow(payloads.length, 12)
    assert.lengthOf(received(payloads), 500)
  })

  it("is never equal to another one, which Postgres would drop", () => {
    const same = Array.from({ length: 400 }, () => typing("mitra:1", 1))
    const from = sender()
    const payloads = [...encode(from, same, none), ...encode(from, same, none), ...encode(from, [], none)]
    assert.strictEqual(new Set(payloads).size, payloads.length)
  })

  it("leaves out an event that does not fit, to be read by its sequence", () => {
    const large: BusMessage = { topic: "mitra:1", event: said("😭".repeat(4_000), 12) }
    const payloads = encode(sender(), [typing("mitra:1", 1), large, typing("mitra:1", 2)], none)
    assert.deepStrictEqual(received(payloads), [
      typing("mitra:1", 1),
      { topic: "mitra:1", event: { _tag: "SessionEvent", session_id: "s", seq: 12, event: null } },
      typing("mitra:1", 2)
    ])
  })

  it("leaves out an offer that does not fit, or that an older runner did not send, to be read", () => {
    const offered = everyEvent.find((event) => event._tag === "OfferChanged" && event.offer !== null)
    if (offered?._tag !== "OfferChanged" || offered.offer === null) return assert.fail("no offer")
    const large = { ...offered, offer: { ...offered.offer, customer_name: "😭".repeat(4_000) } }
    const without: ReadonlyArray<BusMessage> = [
      { topic: "mitra:1", event: { ...offered, offer: null } }
    ]
    assert.deepStrictEqual(received(encode(sender(), [{ topic: "mitra:1", event: large }], none)), without)
    const { offer: _offer, ...older } = offered
    const [sent = ""] = encode(sender(), [{ topic: "mitra:1", event: older as BusEvent }], none)
    assert.notInclude(sent, "offer\"")
    assert.deepStrictEqual(received([sent]), without)
  })

  it("tells the topic to resync when what does not fit has no sequence", () => {
    const large: BusMessage = { topic: "mitra:1", event: said("x".repeat(9_000), null) }
    assert.deepStrictEqual(received(encode(sender(), [large], none)), [
      { topic: "mitra:1", event: { _tag: "Resync" } }
    ])
  })

  it("carries its flags once, and without messages if there are none", () => {
    const from = sender()
    const heard = encode(from, [], { missed: true, leaving: true }).map(decode)
    assert.deepStrictEqual(heard, [{
      runner: from.runner,
      number: from.nextNumber() - 1,
      missed: true,
      leaving: true,
      messages: []
    }])
    const many = encode(sender(), typings("mitra:1", 500), { missed: true, leaving: false }).map(decode)
    assert.deepStrictEqual(many.map((each) => each?.missed), many.map((_, index) => index === 0))
  })

  it("that is not ours or garbled is recognised as such", () => {
    const good = encode(sender(), [typing("mitra:1", 1)], none)[0]!
    const garbled = ["", "null", "[]", "{}", "hello", good.slice(0, -1), good.replace("\"v\":1", "\"v\":2")]
    assert.deepStrictEqual(garbled.map(decode), garbled.map(() => null))
  })

  it("with an event this build does not know makes only that topic resync", () => {
    const good = encode(sender(), [typing("mitra:1", 1), typing("mitra:2", 2)], none)[0]!
    assert.deepStrictEqual(decode(good.replace("Typing", "FromTheFuture"))?.messages, [
      { topic: "mitra:1", event: { _tag: "Resync" } },
      typing("mitra:2", 2)
    ])
  })
})
