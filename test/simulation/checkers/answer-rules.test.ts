// Rules about answers and reachability, and about what the server says of itself, fed with broken histories.
import { assert, describe, it } from "@effect/vitest"
import { Refused } from "../../../src/simulation/cast/connection.ts"
import { defects } from "../../../src/simulation/checkers/defects.ts"
import { reachability } from "../../../src/simulation/checkers/reachability.ts"
import { repeats } from "../../../src/simulation/checkers/repeats.ts"
import { history, startMs } from "./history.ts"
import { active, all, assignment, event, put } from "./rows.ts"

describe("repeats", () => {
  const refused = (tag: string) => new Refused(tag, { code: "SESSION_OVER", message: "" })

  const approved = {
    _tag: "SessionResumed",
    at: startMs,
    by: "mitra",
    payment_id: "p",
    amount_idr: 1,
    purchased_ms: 1,
    ends_at: 1
  } as const

  it("sees somebody told no for what was carried out", () => {
    const told = history(repeats)
    const [sari, ayu] = [told.phone("sari", "customer"), told.phone("ayu", "mitra")]
    told.commit(all(
      put.session(
        active({ status: "completed", customer_goodbye: "dah", end_reason: "time_up", last_seq: 3 })
      ),
      put.event(event(3, approved))
    ))
    const goodbye = { session_id: "chat", text: "dah " }
    const answer = { session_id: "chat", extension_seq: 2, approve: true }
    told.calls(sari, "chat.end", { session_id: "chat" }, refused("chat.end"))
    told.calls(
      ayu,
      "mitra.answer_extension",
      { ...answer, approve: false },
      refused("mitra.answer_extension")
    )
    assert.deepStrictEqual(told.complaints, [])
    told.calls(sari, "chat.goodbye", goodbye, refused("chat.goodbye"))
    told.calls(ayu, "mitra.answer_extension", answer, refused("mitra.answer_extension"))
    told.commit(put.session(active({ status: "closing", end_reason: "ended_by_customer" })))
    told.calls(sari, "chat.end", { session_id: "chat" }, refused("chat.end"))
    assert.deepStrictEqual(told.complaints, [
      "sari was told SESSION_OVER for a chat.goodbye that was carried out",
      "ayu was told SESSION_OVER for a mitra.answer_extension that was carried out",
      "sari was told SESSION_OVER for a chat.end that was carried out"
    ])
  })

  it("does not hold what her predecessor did against the mitra who took the chat over", () => {
    const told = history(repeats)
    const bunga = told.phone("bunga", "mitra")
    const left = { seq: 4, topic: "regular", purchased_ms: 300_000 } as const
    told.commit(all(
      put.session(active({ mitra_id: "bunga", last_seq: 4 })),
      put.event(event(3, approved)),
      put.assignment(assignment({ ended_at: startMs + 10, left })),
      put.assignment(assignment({ position: 1, mitra_id: "bunga", started_at: startMs + 10 }))
    ))
    const answer = { session_id: "chat", extension_seq: 2, approve: true }
    told.calls(bunga, "mitra.answer_extension", answer, refused("mitra.answer_extension"))
    assert.deepStrictEqual(told.complaints, [])
  })

  it("lets an app that was killed ask anew, and hear that it is done", () => {
    const told = history(repeats)
    const sari = told.phone("sari", "customer")
    told.commit(put.session(active({ status: "closing", end_reason: "ended_by_customer" })))
    for (const command_id of ["sari-1", "sari-2"]) {
      told.sends(sari, { tag: "chat.end", payload: { command_id, session_id: "chat" } })
    }
    told.calls(sari, "chat.end", { session_id: "chat" }, refused("chat.end"))
    assert.deepStrictEqual(told.complaints, [])
  })
})

describe("reachability", () => {
  const resumed = (at: number) =>
    put.event(event(5, {
      _tag: "SessionResumed",
      at,
      by: "clock",
      payment_id: "p",
      amount_idr: 1,
      purchased_ms: 1,
      ends_at: 1
    }))

  it("sees an extension approved in the name of a mitra who is long gone", () => {
    const [near, gone] = [history(reachability), history(reachability)]
    for (const told of [near, gone]) {
      const ayu = told.phone("ayu", "mitra")
      told.commit(put.session(active()))
      told.calls(ayu, "mitra.heartbeat", {}, { is_online: true })
      ayu.isConnected = false
      told.passes(told === near ? 30_000 : 130_000)
      told.commit(resumed(told.now()))
    }
    assert.deepStrictEqual(near.complaints, [])
    assert.deepStrictEqual(gone.complaints, [
      "an extension was approved by the clock; ayu was away for 130000 ms"
    ])
  })
})

describe("defects", () => {
  it("sees an error in the server's log, but not that a store was away", () => {
    const told = history(defects)
    const line = { at_ms: 0, process: "runner-1", level: "Error" }
    told.log.push({ ...line, level: "Warn", text: "hm" }, {
      ...line,
      text: "Shard lock storage is unhealthy"
    })
    told.passes(250)
    assert.deepStrictEqual(told.complaints, [])
    told.log.push({ ...line, text: "defect in a turn" })
    told.passes(250)
    assert.deepStrictEqual(told.complaints, ["runner-1 logged an error: defect in a turn"])
  })
})
