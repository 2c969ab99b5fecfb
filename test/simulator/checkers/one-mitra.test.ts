// The rule about hand-overs: fed with broken histories it must complain, and with sound ones not. And when
// a world counts as at rest, so that the last look is not taken while the last word is on its way.
import { assert, describe, it } from "@effect/vitest"
import { Refused } from "../../../simulator/clients/connection.ts"
import { isAtRest } from "../../../simulator/checkers/checker.ts"
import { oneMitra } from "../../../simulator/checkers/one-mitra.ts"
import { make as newTables, type Tables } from "../../../testkit/memory/store/tables.ts"
import { history, startMs } from "./history.ts"
import { active, all, event, message, mitra, put, session } from "./rows.ts"

const assignment = (position: number, mitra_id: string, ended_at: number | null = null) => (tables: Tables) =>
  void tables.mitra_assignments.set(`chat/${position}`, {
    session_id: "chat",
    position,
    mitra_id,
    started_at: startMs,
    ended_at,
    by_staff_id: null,
    reason: null,
    left_seq: null,
    left_topic: null,
    left_purchased_ms: null
  })

const online = (mitra_id: string, is_online = true, at = startMs) => (tables: Tables) =>
  void tables.mitra_online_logs.push({ mitra_id, is_online, cause: "toggle", at } as never)

const paired = put.event(
  event(2, { _tag: "Paired", at: startMs, mitra_id: "ayu", mitra_name: "Ayu", ends_at: startMs + 300_000 })
)

const rerouted = (seq: number, from_mitra_id: string, mitra_id: string) =>
  put.event(event(seq, {
    _tag: "Rerouted",
    at: startMs,
    from_mitra_id,
    mitra_id,
    mitra_name: mitra_id,
    ends_at: startMs + 300_000,
    staff_id: "staff",
    reason: "she left"
  }))

/** Ayu has the chat; Dewi is there, too. */
const began = () => {
  const recorded = history(oneMitra)
  recorded.commit(all(
    put.mitra(mitra()),
    put.mitra(mitra({ id: "dewi" })),
    online("ayu"),
    online("dewi"),
    paired,
    put.session(active()),
    assignment(0, "ayu")
  ))
  return recorded
}

const handOver = all(
  rerouted(10, "ayu", "dewi"),
  put.session(active({ mitra_id: "dewi" })),
  assignment(0, "ayu", startMs),
  assignment(1, "dewi")
)

const said = (seq: number) => ({ _tag: "session", session_id: "chat", seq, fact: { kind: "warning" } })

describe("one mitra", () => {
  it("is content with a hand-over that everybody hears as far as it is theirs", () => {
    const recorded = began()
    const [ayu, dewi] = [recorded.phone("ayu", "mitra"), recorded.phone("dewi", "mitra")]
    const history = (...seqs: ReadonlyArray<number>) => ({
      messages: seqs.map((seq) => ({ seq })),
      handovers: []
    })
    recorded.commit(put.message(message({ seq: 9, side: "mitra", sender_id: "ayu" })))
    recorded.commit(handOver)
    recorded.calls(recorded.phone("staff", "staff"), "admin.reroute", {
      session_id: "chat",
      from_mitra_id: "ayu",
      mitra_id: "dewi"
    }, { session: {} })
    recorded.hears(ayu, said(10))
    recorded.hears(dewi, said(2))
    recorded.commit(put.message(message({ seq: 11, side: "mitra", sender_id: "dewi" })))
    recorded.hears(dewi, said(11))
    recorded.hears(ayu, { _tag: "typing", session_id: "chat" })
    recorded.calls(ayu, "chat.history", { session_id: "chat" }, history(9, 10))
    recorded.calls(dewi, "chat.history", { session_id: "chat" }, history(9, 11))
    recorded.calls(ayu, "chat.sessions", {}, { sessions: [{ session_id: "chat", last_seq: 10 }] })
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees one who left and still reads, hears, writes, or is told that somebody types", () => {
    const recorded = began()
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(handOver)
    recorded.hears(ayu, said(11))
    recorded.calls(ayu, "chat.history", { session_id: "chat" }, { messages: [{ seq: 12 }] })
    recorded.hears(ayu, {
      _tag: "snapshot",
      sessions: [{ session_id: "chat", last_seq: 13 }],
      recovered: [],
      offers: []
    })
    recorded.commit(put.message(message({ seq: 14, side: "mitra", sender_id: "ayu" })))
    recorded.passes(20_000)
    recorded.hears(ayu, { _tag: "typing", session_id: "chat" })
    recorded.hears(recorded.phone("putri", "mitra"), said(11))
    assert.deepStrictEqual(recorded.complaints, [
      "ayu heard 11, but handed the chat over at 10",
      "ayu was shown 12, but handed the chat over at 10",
      "ayu was shown 13, but handed the chat over at 10",
      "message 14 is of a mitra who does not have the chat",
      "ayu handed the chat over and still hears typing",
      "putri heard 11 of a chat that never was hers"
    ])
  })

  it("lets one to whom the chat came back read all of it", () => {
    const recorded = began()
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(handOver)
    recorded.commit(all(
      rerouted(20, "dewi", "ayu"),
      put.session(active()),
      assignment(1, "dewi", startMs),
      assignment(2, "ayu")
    ))
    recorded.hears(ayu, said(15))
    recorded.commit(put.message(message({ seq: 21, side: "mitra", sender_id: "ayu" })))
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees rows that disagree with the event log", () => {
    const recorded = began()
    recorded.commit(put.session(active({ mitra_id: "dewi" })))
    recorded.commit(all(put.session(active()), assignment(1, "dewi")))
    assert.deepStrictEqual(recorded.complaints, [
      "the row names another mitra than the event log",
      "an assignment was made that nobody was told of"
    ])
  })

  it("sees a chat with no mitra, or with one after it is over", () => {
    const recorded = began()
    recorded.commit(assignment(0, "ayu", startMs))
    recorded.commit(
      all(assignment(0, "ayu"), put.session(active({ status: "completed", ended_at: startMs })))
    )
    assert.deepStrictEqual(recorded.complaints, [
      "a chat that is active has 0 mitras",
      "a chat that is completed has 1 mitras"
    ])
  })

  it("sees a chat given to herself, by somebody else, to one who is out, or long offline", () => {
    const recorded = began()
    const give = (seq: number, from: string, to: string, position: number) =>
      recorded.commit(all(
        rerouted(seq, from, to),
        put.session(active({ mitra_id: to })),
        assignment(position - 1, position === 1 ? "ayu" : from, startMs),
        assignment(position, to)
      ))
    recorded.commit(all(put.mitra(mitra({ id: "dewi", is_active: false })), online("dewi", false)))
    recorded.passes(70_000)
    give(10, "ayu", "dewi", 1)
    give(11, "dewi", "dewi", 2)
    assert.deepStrictEqual(recorded.complaints, [
      "a chat was given to a deactivated mitra",
      "a chat was given to a mitra who is offline",
      "a chat was handed over to the one who has it",
      "a chat was given to a deactivated mitra",
      "a chat was given to a mitra who is offline"
    ])
  })

  it("sees staff told of a hand-over that was none, and of none that was one", () => {
    const recorded = began()
    const staff = recorded.phone("staff", "staff")
    const order = { session_id: "chat", from_mitra_id: "ayu", mitra_id: "dewi" }
    recorded.calls(staff, "admin.reroute", order, { session: {} })
    recorded.calls(
      staff,
      "admin.reroute",
      order,
      new Refused("admin.reroute", { code: "STALE_WRITE", message: "" })
    )
    assert.deepStrictEqual(recorded.complaints, [
      "staff were told that a chat was handed over; nobody took it",
      "staff were told that the chat changed hands; it did not"
    ])
  })
})

describe("a world at rest", () => {
  it("has had a minute to tell everybody of the last end", () => {
    const tables = newTables()
    const taken = new Map()
    assert.isTrue(isAtRest({ tables, taken, now_ms: () => startMs }))
    tables.chat_sessions.set("chat", session({ status: "completed", ended_at: startMs }))
    assert.isFalse(isAtRest({ tables, taken, now_ms: () => startMs + 1_000 }))
    assert.isTrue(isAtRest({ tables, taken, now_ms: () => startMs + 60_000 }))
    tables.chat_sessions.set("chat", active())
    assert.isFalse(isAtRest({ tables, taken, now_ms: () => startMs + 600_000 }))
  })
})
