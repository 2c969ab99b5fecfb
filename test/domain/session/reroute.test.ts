// A running chat that changes hands: what staff may ask for and when, what the ledger and the record of
// assignments say of it afterwards, and what it means when the mitra cannot be reached.
import { assert, it } from "@effect/vitest"
import { chargedMs, isBalanced } from "../../../src/domain/ledger.ts"
import type { Absence } from "../../../src/domain/session/state.ts"
import { assignmentsMax } from "../../../src/domain/session/state.ts"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, customer, mitra } from "./given.ts"

const check = (state: Parameters<typeof given.tell>[0], seconds: number, mitra_absence: Absence | null) =>
  given.tell(state, seconds, { _tag: "CheckMitra" }, { mitra_absence })

it("A chat goes to another mitra with its clock, its numbers and its goodbyes untouched", () => {
  const told = given.reroute(given.active(), 100)
  assert.deepStrictEqual(told.events, [{
    _tag: "Rerouted",
    at: at(100),
    from_mitra_id: "mitra-1",
    mitra_id: "mitra-2",
    mitra_name: "Bestie 2",
    ends_at: at(given.ACTIVE_ENDS),
    staff_id: "staff-1",
    reason: "she fell ill"
  }])
  assert.deepInclude(told.state, {
    status: "active",
    mitra_id: "mitra-2",
    mitra_name: "Bestie 2",
    started_at: at(10),
    ends_at: at(given.ACTIVE_ENDS)
  })
})

it("Who had the chat, from when to when, by whom and why is on record until its end", () => {
  const handed = given.reroute(given.active(), 100).state
  const over = given.tick(given.tick(handed, given.ACTIVE_ENDS).state, given.CLOSING_ENDS).state
  assert.deepStrictEqual(over.assignments, [
    {
      mitra_id: "mitra-1",
      mitra_name: "Bestie 1",
      started_at: at(10),
      ended_at: at(100),
      by_staff_id: null,
      reason: null,
      left: { seq: 3, topic: "regular", purchased_ms: 720_000 }
    },
    {
      mitra_id: "mitra-2",
      mitra_name: "Bestie 2",
      started_at: at(100),
      ended_at: at(given.CLOSING_ENDS),
      by_staff_id: "staff-1",
      reason: "she fell ill",
      left: null
    }
  ])
})

it("The ledger is split at the hand-over, and still adds up to what was paid", () => {
  const handed = given.reroute(given.active(), 100).state
  const { ledger } = given.tick(handed, given.ACTIVE_ENDS).state
  assert.deepStrictEqual(ledger.entries, [
    { state: "served", reason: "paired", from: at(10), to: at(100), charged_ms: 90_000 },
    { state: "served", reason: "rerouted", from: at(100), to: at(730), charged_ms: 630_000 }
  ])
  assert.isTrue(isBalanced(ledger))
  assert.strictEqual(chargedMs(ledger), 720_000)
})

it("Warnings come as they would have come without the hand-over", () => {
  const handed = given.reroute(given.active(), 100).state
  assertHappened(given.tick(handed, 551), ["WarningGiven"])
  const late = given.reroute(given.tick(given.active(), 600).state, 601).state
  assertHappened(given.tick(late, 669), [])
  assertHappened(given.tick(late, 670), ["WarningGiven"])
})

it("A mitra who handed the chat over may do nothing there any more, the one who took over everything", () => {
  const { state } = given.reroute(given.active(), 100)
  const commands = [
    { _tag: "SendMessage", by: mitra(1), message_id: "m", client_message_id: "c", body: "wait" },
    { _tag: "MarkRead", by: mitra(1), seq: 1 },
    { _tag: "MarkDelivered", by: mitra(1), seq: 1 },
    { _tag: "SetTopic", by: mitra(1), topic: "sensitive" },
    { _tag: "Accept", by: mitra(1) },
    { _tag: "AnswerExtension", by: mitra(1), extension_seq: 1, approve: true },
    { _tag: "End", by: mitra(1) },
    { _tag: "Goodbye", by: mitra(1), text: "bye" }
  ] as const
  for (const command of commands) assertRefused(given.tell(state, 101, command), "SESSION_REROUTED")
  assertHappened(given.send(state, 101, mitra(2)), ["MessageSent"])
  assertHappened(given.tell(state, 101, { _tag: "SetTopic", by: mitra(2), topic: "sensitive" }), [
    "TopicChanged"
  ])
  assertRefused(given.send(state, 101, mitra(3)), "NOT_A_PARTICIPANT")
})

it("An extension is the new mitra's to answer", () => {
  const handed = given.reroute(given.active(), 50).state
  const asked = given.extend(handed, 100).state
  assertRefused(given.answerExtension(asked, 101, true), "SESSION_REROUTED")
  assertHappened(given.answerExtension(asked, 101, true, asked.extension?.seq, mitra(2)), ["SessionResumed"])
})

it("In the instant in which the time runs out the clock is first", () => {
  const state = given.tick(given.active(), 700).state
  assertRefused(given.reroute(state, given.ACTIVE_ENDS), "SESSION_CLOSING", ["ClosingStarted"])
  assertHappened(given.reroute(state, given.ACTIVE_ENDS - 0.001), ["Rerouted"])
})

it("Staff are refused with the reason: not there, inactive, being drained, not online, hers already", () => {
  const state = given.active()
  const asked = (reroute_to: Partial<typeof given.ready> | null, to = 2) =>
    given.reroute(state, 100, to, {
      reroute_to: reroute_to === null ? null : { ...given.ready, ...reroute_to }
    })
  assertRefused(asked(null), "MITRA_NOT_FOUND")
  assertRefused(asked({ is_active: false }), "ACCOUNT_INACTIVE")
  assertRefused(asked({ is_online: false }), "MITRA_NOT_ONLINE")
  assertRefused(asked({ is_blocked: true }), "PAIR_BLOCKED")
  assertRefused(asked({}, 1), "SAME_MITRA")
  assertRefused(asked({ is_draining: true }), "MITRA_DRAINING")
})

it("Of two colleagues at once the second one is told that the chat has another bestie", () => {
  const first = given.reroute(given.active(), 100).state
  const second = given.reroute(first, 100, 3)
  assertRefused(second, "STALE_WRITE")
  assert.deepInclude(given.refusedDetails(second), { mitra_id: "mitra-2" })
  assertHappened(given.reroute(first, 101, 3, {}, 2), ["Rerouted"])
})

it("A chat may come back to a mitra who had it, and hands are changed so often at most", () => {
  let state = given.active()
  for (let count = 1; count < assignmentsMax; count++) {
    const [from, to] = count % 2 === 1 ? [1, 2] : [2, 1]
    const told = given.reroute(state, 20 + count, to, {}, from)
    assertHappened(told, ["Rerouted"])
    state = told.state
  }
  assert.strictEqual(state.assignments.length, assignmentsMax)
  assertRefused(given.reroute(state, 60, 1, {}, 2), "TOO_MANY_REROUTES")
  assertHappened(given.send(state, 60, mitra(2)), ["MessageSent"])
})

it("A mitra is away since now at the latest, also when the server that missed her has a faster clock", () => {
  const away = check(given.active(), 200, { cause: "mitra_offline", since: at(given.ACTIVE_ENDS + 2) })
  assert.deepStrictEqual(away.state.absence, { cause: "mitra_offline", since: at(200) })
})

it("Time without a reachable mitra is served, and says so until she is back", () => {
  const away = check(given.active(), 200, { cause: "mitra_offline", since: at(70) })
  assertHappened(away, ["MitraWentAway"])
  assert.strictEqual(away.state.last_seq, given.active().last_seq)
  assert.strictEqual(away.state.ends_at, at(given.ACTIVE_ENDS))
  assertHappened(check(away.state, 210, { cause: "mitra_offline", since: at(70) }), [])
  const back = check(away.state, 230, null)
  assertHappened(back, ["MitraCameBack"])
  assertHappened(check(back.state, 231, null), [])
  const { ledger } = given.tick(back.state, given.ACTIVE_ENDS).state
  assert.deepStrictEqual(ledger.entries.map(({ charged_ms, reason }) => [reason, charged_ms]), [
    ["paired", 60_000],
    ["mitra_offline", 160_000],
    ["mitra_back", 500_000]
  ])
  assert.isTrue(isBalanced(ledger))
})

it("A hand-over ends the time without a mitra; so does the end of the paid time", () => {
  const gone = { cause: "mitra_offline", since: at(100) } as const
  const away = check(given.active(), 100, gone).state
  const handed = given.reroute(away, 140).state
  assert.isNull(handed.absence)
  assert.deepStrictEqual(handed.ledger.entries.map(({ charged_ms, reason }) => [reason, charged_ms]), [
    ["paired", 90_000],
    ["mitra_offline", 40_000]
  ])
  const closing = given.tick(away, given.ACTIVE_ENDS).state
  assert.isNull(closing.absence)
  assertHappened(check(closing, given.ACTIVE_ENDS + 1, gone), [])
})

it("Noticed while the clock stands still, the absence shows when it runs on", () => {
  const gone = { cause: "mitra_offline", since: at(90) } as const
  const away = check(given.extending(), 101, gone).state
  assert.strictEqual(away.ledger.open?.state, "paused")
  const resumed = given.tick(away, 110).state
  assert.strictEqual(resumed.ledger.open?.reason, "mitra_offline")
})

it("Who was offline and is deactivated is gone for that reason", () => {
  const away = check(given.active(), 200, { cause: "mitra_offline", since: at(70) }).state
  const told = check(away, 300, { cause: "mitra_deactivated", since: at(300) })
  assertHappened(told, ["MitraWentAway"])
  assert.deepStrictEqual(told.state.absence, {
    cause: "mitra_deactivated",
    since: at(300),
    paused_until: at(900)
  })
})

it("A customer cannot ask for a hand-over, and their own commands go on as before", () => {
  const { state } = given.reroute(given.active(), 100)
  assertHappened(given.send(state, 101, customer), ["MessageSent"])
  assertHappened(given.end(state, 102, customer), ["ClosingStarted"])
})
