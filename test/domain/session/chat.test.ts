// What people do while the chat runs: messages, receipts and the topic.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { numbered } from "../../../src/domain/session/events.ts"
import type { Participant, SessionState, Topic } from "../../../src/domain/session/state.ts"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, customer, mitra, otherCustomer } from "./given.ts"

const body = (text: string): given.Told => given.send(given.active(), 20, customer, text)
const read = (state: SessionState, by: Participant, seq: number): given.Told =>
  given.tell(state, 100, { _tag: "MarkRead", by, seq })
const delivered = (state: SessionState, by: Participant, seq: number): given.Told =>
  given.tell(state, 100, { _tag: "MarkDelivered", by, seq })
const setTopic = (state: SessionState, by: Participant, topic: Topic, world: given.World = {}): given.Told =>
  given.tell(state, 100, { _tag: "SetTopic", by, topic }, world)

it("A message is stored as its sender's, with the next number of the session", () => {
  const before = given.active()
  const told = given.send(before, 20, mitra(1), "hello")
  assert.deepStrictEqual(told.events, [{
    _tag: "MessageSent",
    at: at(20),
    message_id: "m-1",
    client_message_id: "c-1",
    side: "mitra",
    sender_id: "mitra-1",
    body: "hello"
  }])
  assert.deepStrictEqual(Result.getOrThrow(told.reply), {
    status: "active",
    seq: before.last_seq + 1,
    message_id: "m-1",
    at: at(20),
    cursor: { delivered_seq: 0, read_seq: 0 }
  })
  assert.strictEqual(told.state.last_seq, before.last_seq + 1)
})

it("The reply names the message's own number, also when a warning became due just before it", () => {
  const told = given.send(given.active(), 550, customer)
  assertHappened(told, ["WarningGiven", "MessageSent"])
  assert.strictEqual(Result.getOrThrow(told.reply).seq, 4)
  assert.deepStrictEqual(numbered(told.events, 2).map((entry) => entry.seq), [3, 4])
})

it("Events that phones do not see get no number", () => {
  const told = given.tell(given.active(), 20, { _tag: "MarkRead", by: customer, seq: 2 })
  assert.deepStrictEqual(numbered(told.events, 2).map((entry) => entry.seq), [null])
  assert.strictEqual(told.state.last_seq, 2)
})

it("Nobody but the two of them can write", () => {
  assertRefused(given.send(given.active(), 20, otherCustomer), "NOT_A_PARTICIPANT")
  assertRefused(given.send(given.active(), 20, mitra(2)), "NOT_A_PARTICIPANT")
  assertRefused(given.send(given.active(), 20, { side: "mitra", id: customer.id }), "NOT_A_PARTICIPANT")
})

it("A message of 4,000 characters passes and one of 4,001 is too long", () => {
  assertHappened(body("x".repeat(4000)), ["MessageSent"])
  const told = body("x".repeat(4001))
  assertRefused(told, "MESSAGE_TOO_LONG")
  assert.deepStrictEqual(given.refusedDetails(told), { given: 4001, maximum: 4000 })
})

it("Length is counted in code points: 4,000 emoji pass, though they are 8,000 units", () => {
  assertHappened(body("😀".repeat(4000)), ["MessageSent"])
  assertRefused(body("😀".repeat(4001)), "MESSAGE_TOO_LONG")
})

it.each([
  ["empty", ""],
  ["spaces", "   "],
  ["line breaks and tabs", "\n\t\u00a0\u2003"],
  ["zero width spaces and joiners", "\u200b\u200d\u200c\u2060\ufeff"],
  ["direction marks", "\u200e\u200f\u202e"],
  ["fillers and blanks", "\u3164\u2800\u00ad\ufe0f\u{e0061}"]
])(
  "A message of nothing but %s is empty",
  (_, text) => assertRefused(body(text), "MESSAGE_EMPTY")
)

it.each([
  ["a NUL character", "hi\u0000"],
  ["half of a surrogate pair", "hi \ud83d"],
  ["the other half", "\ude00 hi"]
])("A message with %s is refused, because no database could keep it", (_, text) => {
  assertRefused(body(text), "BAD_REQUEST")
})

it("A message keeps its white space as it was written", () => {
  const [event] = body("  hi \n").events
  assert.strictEqual(event?._tag === "MessageSent" ? event.body : null, "  hi \n")
})

it("A message at the instant the time is over comes too late", () => {
  const late = given.send(given.tick(given.active(), 700).state, given.ACTIVE_ENDS, customer)
  assertRefused(late, "SESSION_CLOSING", ["ClosingStarted"])
})

it("A receipt moves the reader's cursor and only that one", () => {
  const told = delivered(given.active(), customer, 2)
  assert.deepStrictEqual(told.events, [
    { _tag: "ReceiptMoved", at: at(100), side: "customer", delivered_seq: 2, read_seq: 0 }
  ])
  assert.deepStrictEqual(told.state.cursors.mitra, { delivered_seq: 0, read_seq: 0 })
})

it("Reading includes receiving", () => {
  assert.deepStrictEqual(read(given.active(), mitra(1), 2).state.cursors.mitra, {
    delivered_seq: 2,
    read_seq: 2
  })
})

it("Receiving more does not mean having read more", () => {
  const { state } = delivered(read(given.active(), customer, 1).state, customer, 2)
  assert.deepStrictEqual(state.cursors.customer, { delivered_seq: 2, read_seq: 1 })
})

it("A receipt never moves backwards: an older or repeated one changes nothing", () => {
  const { state } = read(given.active(), customer, 2)
  assertHappened(read(state, customer, 2), [])
  assertHappened(read(state, customer, 1), [])
  assertHappened(delivered(state, customer, 1), [])
  assertHappened(read(state, customer, -5), [])
  assert.deepStrictEqual(Result.getOrThrow(read(state, customer, 1).reply).cursor, {
    delivered_seq: 2,
    read_seq: 2
  })
})

it("A receipt never goes beyond what was sent", () => {
  const { state } = read(given.active(), customer, 1_000_000)
  assert.deepStrictEqual(state.cursors.customer, { delivered_seq: state.last_seq, read_seq: state.last_seq })
})

it("Receipts are taken while closing, and only from participants", () => {
  assertHappened(given.tell(given.closing(), 800, { _tag: "MarkRead", by: mitra(1), seq: 3 }), [
    "ReceiptMoved"
  ])
  assertRefused(read(given.active(), otherCustomer, 1), "NOT_A_PARTICIPANT")
  assertRefused(
    given.tell(given.offered(), 1, { _tag: "MarkRead", by: mitra(1), seq: 1 }),
    "NOT_A_PARTICIPANT"
  )
})

it("Only the mitra flips the topic, both ways, and each flip is recorded", () => {
  const told = setTopic(given.active(), mitra(1), "sensitive")
  assert.deepStrictEqual(told.events, [
    { _tag: "TopicChanged", at: at(100), topic: "sensitive", by: mitra(1).id }
  ])
  assert.strictEqual(told.state.topic, "sensitive")
  assertHappened(setTopic(told.state, mitra(1), "regular"), ["TopicChanged"])
  assertRefused(setTopic(given.active(), customer, "sensitive"), "TOPIC_NOT_ALLOWED")
  assertRefused(setTopic(given.active(), mitra(2), "sensitive"), "NOT_A_PARTICIPANT")
})

it("Setting the topic it already has changes nothing", () => {
  assertHappened(setTopic(given.active(), mitra(1), "regular"), [])
})

it("With the latch on, sensitive is final; it can still be set, and set again", () => {
  const world = { settings: { topic_sensitive_is_final: true } }
  const told = setTopic(given.active(), mitra(1), "sensitive", world)
  assertHappened(told, ["TopicChanged"])
  assertRefused(setTopic(told.state, mitra(1), "regular", world), "TOPIC_NOT_ALLOWED")
  assertHappened(setTopic(told.state, mitra(1), "sensitive", world), [])
})
