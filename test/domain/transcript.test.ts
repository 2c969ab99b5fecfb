// Who may read how much of a session that changed hands, and what it looks like to each of them.
import { assert, it } from "@effect/vitest"
import { handoversOf, lastReadable, seenBy } from "../../src/domain/transcript.ts"
import * as given from "./session/given.ts"
import { at, customer, mitra } from "./session/given.ts"

/** One message, handed over as event 4; then a sensitive topic, more time, and the customer's goodbye. */
const story = () => {
  const said = given.send(given.active(), 50, customer).state
  const handed =
    given.reroute(given.tell(said, 60, { _tag: "MarkRead", by: mitra(1), seq: 3 }).state, 100).state
  const flipped = given.tell(handed, 110, { _tag: "SetTopic", by: mitra(2), topic: "sensitive" }).state
  const asked = given.extend(flipped, 120).state
  const longer = given.answerExtension(asked, 121, true, asked.extension?.seq, mitra(2)).state
  const read = given.tell(longer, 130, { _tag: "MarkRead", by: mitra(2), seq: 7 }).state
  return given.goodbye(given.end(read, 140, customer).state, 150, customer, "see you").state
}

it("Its customer and its mitra see all of it, from the first word on", () => {
  const state = story()
  assert.strictEqual(seenBy(state, customer), state)
  assert.strictEqual(seenBy(state, mitra(2)), state)
  assert.isAbove(lastReadable(state), state.last_seq)
})

it("Whoever handed it over sees it as she left it, and nothing that came later", () => {
  const seen = seenBy(story(), mitra(1))
  assert.deepInclude(seen, {
    status: "completed",
    mitra_id: "mitra-1",
    mitra_name: "Bestie 1",
    topic: "regular",
    ended_at: at(100),
    ended_by: "staff",
    end_reason: "rerouted",
    customer_goodbye: null,
    last_seq: 4
  })
  assert.strictEqual(seen?.ledger.purchased_ms, given.blast.purchased_ms)
  assert.strictEqual(seen?.cursors.mitra.read_seq, 4)
  assert.strictEqual(seen === null ? 0 : lastReadable(seen), 4)
})

it("Anybody else sees nothing", () => {
  assert.isNull(seenBy(story(), mitra(3)))
  assert.isNull(seenBy(story(), given.otherCustomer))
  assert.isNull(seenBy(story(), { side: "mitra", id: customer.id }))
})

it("The hand-over is marked where it happened, for all three", () => {
  const state = story()
  const mark = { seq: 4, at: at(100), mitra_id: "mitra-2", mitra_name: "Bestie 2" }
  for (const who of [customer, mitra(1), mitra(2)]) {
    const seen = seenBy(state, who)
    assert.deepStrictEqual(seen === null ? [] : handoversOf(seen), [mark])
  }
  assert.deepStrictEqual(handoversOf(given.active()), [])
})

it("Whoever gets it back sees all of it again; whoever loses it twice keeps what she saw until then", () => {
  const back = given.reroute(given.reroute(given.active(), 100).state, 200, 1, {}, 2).state
  assert.strictEqual(seenBy(back, mitra(1)), back)
  const lost = given.reroute(given.send(back, 210, customer).state, 300, 3).state
  assert.strictEqual(seenBy(lost, mitra(1))?.last_seq, 6)
  assert.strictEqual(seenBy(lost, mitra(2))?.last_seq, 4)
})
