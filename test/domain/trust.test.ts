// Trust: how much of a chat is kept with a report, from when on reports count, and what a blocked pair's
// accept and a paused mitra's going online are answered.
import { assert, describe, it } from "@effect/vitest"
import { decide, type MitraState, neverOnline } from "../../src/domain/mitra.ts"
import { defaultSettings } from "../../src/domain/settings.ts"
import {
  countedSince,
  evidenceCharactersMax,
  evidenceMessagesMax,
  evidenceOf
} from "../../src/domain/trust.ts"
import * as given from "./session/given.ts"

const message = (seq: number, length = 4) =>
  ({ seq, side: "mitra", body: "a".repeat(length), sent_at: seq }) as const

describe("the evidence of a report", () => {
  it("is the newest of what was said, in its order, and never more than a case may hold", () => {
    const all = Array.from({ length: evidenceMessagesMax + 5 }, (_, n) => message(n + 1))
    assert.deepStrictEqual(evidenceOf(all), all.slice(5))
    assert.deepStrictEqual(evidenceOf([]), [])
    const long = [message(1, evidenceCharactersMax), message(2, 1), message(3, evidenceCharactersMax - 1)]
    assert.deepStrictEqual(evidenceOf(long).map(({ seq }) => seq), [2, 3])
  })

  it("counts towards a pause for so many days", () => {
    const day = 86_400_000
    assert.strictEqual(countedSince({ ...defaultSettings, reports_pause_days: 7 }, 10 * day), 3 * day)
  })
})

describe("a pair of whom one has blocked the other", () => {
  it("is not paired, although she was asked before", () => {
    const asked = given.tick(given.searching(), 0, { candidates: given.candidates(1) }).state
    const by = given.mitra(1)
    const answer = given.accept(asked, 5, by, { pair_is_blocked: true })
    assert.deepStrictEqual(answer.events, [])
    assert.strictEqual(answer.reply._tag === "Failure" ? answer.reply.failure.code : "", "OFFER_CLOSED")
    assert.strictEqual(given.accept(asked, 5, by).state.status, "active")
  })
})

describe("a mitra who is paused", () => {
  it("does not go online, and stays so where she is", () => {
    const idle: MitraState = { id: "m", display_name: "Ayu", is_active: true, ...neverOnline }
    const none = {
      heartbeat_is_stale: false,
      has_missed_too_many: false,
      has_no_chat: false,
      hold_seconds: 0
    }
    const facts = { ...none, now: 1, is_paused: true }
    const { events, reply } = decide(idle, { _tag: "GoOnline" }, facts)
    assert.deepStrictEqual(events, [])
    assert.strictEqual(reply._tag === "Failure" ? reply.failure.code : "", "ACCOUNT_PAUSED")
    assert.lengthOf(decide(idle, { _tag: "GoOnline" }, { ...facts, is_paused: false }).events, 1)
    const online = { ...idle, is_online: true, online_since: 0 }
    assert.deepStrictEqual(decide(online, { _tag: "PauseForReports" }, facts).events, [
      { _tag: "WentOffline", at: 1, cause: "forced" }
    ])
    const lifted = { ...facts, is_paused: false }
    assert.deepStrictEqual(decide(online, { _tag: "PauseForReports" }, lifted).events, [])
  })
})
