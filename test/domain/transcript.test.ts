// Who may read how much of a session that changed hands, and what it looks like to each of them.
import { assert, it } from "@effect/vitest"
import type { SessionState } from "../../src/domain/session/state.ts"
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

it("A mitra who handed it over sees it as she left it, and nothing that came later", () => {
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

/** Whether what the next mitra does can change it: by field, so that a new one has to be thought about. */
const laterChanges: { readonly [Field in keyof SessionState]: boolean } = {
  id: false,
  customer_id: false,
  customer_name: false,
  payment_id: false,
  opened_by: false,
  amount_idr: false,
  kind: false,
  target_mitra_id: false,
  mode: false,
  language: false,
  requested_at: false,
  search_ends_at: false,
  next_wave_at: false,
  wave: false,
  started_at: false,
  // Both sides' receipts, as far as the hand-over: see above.
  cursors: false,
  // The warning of the clock that runs on; no view has it.
  warned_seconds: false,
  offers: false,
  topic: true,
  status: true,
  mitra_id: true,
  mitra_name: true,
  assignments: true,
  absence: true,
  ends_at: true,
  extension: true,
  closing_ends_at: true,
  ended_at: true,
  ended_by: true,
  end_reason: true,
  ledger: true,
  customer_goodbye: true,
  mitra_goodbye: true,
  last_seq: true
}

it("No field that the next mitra can change is shown to the one who left", () => {
  const state = story()
  const shown = seenBy(state, mitra(1))
  const fields = Object.keys(laterChanges) as ReadonlyArray<keyof SessionState>
  const leaking = fields.filter((field) => laterChanges[field]).filter((field) => {
    // Another value of the field, as time might bring it: what she sees must not move with it.
    const value = field === "assignments" ? state.assignments.slice(0, 2) : `another ${field}`
    const seen = seenBy({ ...state, [field]: value }, mitra(1))
    return JSON.stringify(seen) !== JSON.stringify(shown)
  })
  assert.deepStrictEqual(leaking, [])
})

it("Other people see nothing", () => {
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

it("A mitra who gets it back sees all again; one who loses it twice keeps what she saw until then", () => {
  const back = given.reroute(given.reroute(given.active(), 100).state, 200, 1, {}, 2).state
  assert.strictEqual(seenBy(back, mitra(1)), back)
  const lost = given.reroute(given.send(back, 210, customer).state, 300, 3).state
  assert.strictEqual(seenBy(lost, mitra(1))?.last_seq, 6)
  assert.strictEqual(seenBy(lost, mitra(2))?.last_seq, 4)
})
