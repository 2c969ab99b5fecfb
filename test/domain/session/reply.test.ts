// The answer to a command: what is stored stays small, what was stored before is still read, and no caller
// is answered with more than they may see.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { outcomeOfMessage, replyTo, SessionOutcome } from "../../../src/domain/session/reply.ts"
import { seenFrom } from "../../../src/domain/session/seen-session.ts"
import {
  accept,
  active,
  at,
  customer,
  decline,
  extending,
  inStatus,
  mitra,
  offered,
  send,
  T0
} from "./given.ts"

/** As it lies in commands_seen since the first release. */
const stored = { status: "active", seq: 2, message_id: null, at: T0, cursor: null }

it("an outcome that was stored before is read, and what is stored today is the same five facts", () => {
  assert.deepStrictEqual(Schema.decodeUnknownSync(SessionOutcome)(stored), stored)
  const outcome = Result.getOrThrow(accept(offered(), 10, mitra(1)).reply)
  const written = Schema.encodeSync(SessionOutcome)(outcome)
  assert.sameMembers(Object.keys(written), Object.keys(stored))
  assert.isBelow(JSON.stringify(written).length, 200)
})

it("a repeated message is answered with what its first sender got, but for the receipts", () => {
  const told = send(active(), 20, customer)
  const first = Result.getOrThrow(told.reply)
  const [event] = told.events
  if (event?._tag !== "MessageSent") return assert.fail("no message")
  const message = { seq: told.state.last_seq, message_id: event.message_id, sent_at: event.at }
  assert.deepStrictEqual(outcomeOfMessage(message, told.state.status), { ...first, cursor: null })
  assert.strictEqual(first.at, at(20))
})

it("a mitra is answered without the payment, in every status, and without the extension's", () => {
  for (const state of [...Object.values(inStatus), extending()]) {
    const hers = JSON.stringify(seenFrom(state, "mitra"))
    assert.notInclude(hers, state.payment_id)
    assert.notInclude(hers, "payment-x")
    assert.notInclude(hers, "amount")
    assert.strictEqual(seenFrom(state, "customer").payment_id, state.payment_id)
  }
})

it("an answer brings a session only to its people, and an offer only to whom it was made", () => {
  const declined = decline(offered(), 5, mitra(2)).state
  const answered = replyTo({ _tag: "Decline", by: mitra(2) }, stored, declined)
  assert.strictEqual(answered.offered?.offer.status, "declined")
  assert.isNull(answered.seen)
  assert.isNull(replyTo({ _tag: "Decline", by: mitra(9) }, stored, declined).offered)
  assert.isNull(replyTo({ _tag: "End", by: mitra(2) }, stored, active()).seen)
  assert.isNull(replyTo({ _tag: "Tick" }, stored, active()).seen)
})

it("what waits to be read is known where the numbers tell, and is left to the messages elsewhere", () => {
  const paired = active()
  const won = { ...stored, seq: paired.last_seq }
  assert.strictEqual(replyTo({ _tag: "Accept", by: mitra(1) }, won, paired).unread, 0)
  const spoken = send(paired, 20, customer).state
  assert.isNull(replyTo({ _tag: "Accept", by: mitra(1) }, won, spoken).unread)
  const read = { ...spoken.cursors, mitra: { delivered_seq: spoken.last_seq, read_seq: spoken.last_seq } }
  const end = { _tag: "End", by: mitra(1) } as const
  assert.strictEqual(replyTo(end, stored, { ...spoken, cursors: read }).unread, 0)
  assert.isNull(replyTo(end, stored, spoken).unread)
})
