// Rules about answers and reachability, and about what the server says of itself, fed with broken histories.
import { assert, describe, it } from "@effect/vitest"
import { Refused } from "../../../simulator/clients/connection.ts"
import { defects } from "../../../simulator/checkers/defects.ts"
import { reachability } from "../../../simulator/checkers/reachability.ts"
import { repeats } from "../../../simulator/checkers/repeats.ts"
import { signIns } from "../../../simulator/checkers/sign-ins.ts"
import type { Tables } from "../../../testkit/memory/store/tables.ts"
import { history, startMs } from "./history.ts"
import { active, all, event, put } from "./rows.ts"

describe("repeats", () => {
  const refused = (tag: string) => new Refused(tag, { code: "SESSION_OVER", message: "" })

  it("sees somebody told no for what was carried out", () => {
    const recorded = history(repeats)
    const [sari, ayu] = [recorded.phone("sari", "customer"), recorded.phone("ayu", "mitra")]
    const extension = { at: startMs, payment_id: "p", amount_idr: 1, purchased_ms: 1 }
    const resumed = { ...extension, _tag: "SessionResumed", by: "mitra", ends_at: 1 } as const
    recorded.commit(all(
      put.session(
        active({ status: "completed", customer_goodbye: "dah", end_reason: "time_up", last_seq: 3 })
      ),
      put.event(event(2, { ...extension, _tag: "ExtensionRequested", deadline_at: startMs })),
      put.event(event(3, resumed))
    ))
    const goodbye = { session_id: "chat", text: "dah " }
    const answer = { session_id: "chat", extension_seq: 2, approve: true }
    recorded.calls(sari, "chat.end", { session_id: "chat" }, refused("chat.end"))
    recorded.calls(
      ayu,
      "mitra.answer_extension",
      { ...answer, approve: false },
      refused("mitra.answer_extension")
    )
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.calls(sari, "chat.goodbye", goodbye, refused("chat.goodbye"))
    recorded.calls(ayu, "mitra.answer_extension", answer, refused("mitra.answer_extension"))
    recorded.commit(put.session(active({ status: "closing", end_reason: "ended_by_customer" })))
    recorded.calls(sari, "chat.end", { session_id: "chat" }, refused("chat.end"))
    assert.deepStrictEqual(recorded.complaints, [
      "sari was told SESSION_OVER for a chat.goodbye that was carried out",
      "ayu was told SESSION_OVER for a mitra.answer_extension that was carried out",
      "sari was told SESSION_OVER for a chat.end that was carried out"
    ])
  })

  it("lets an app that was killed ask anew, and hear that it is done", () => {
    const recorded = history(repeats)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(put.session(active({ status: "closing", end_reason: "ended_by_customer" })))
    for (const command_id of ["sari-1", "sari-2"]) {
      recorded.sends(sari, "chat.end", { command_id, session_id: "chat" })
    }
    recorded.calls(sari, "chat.end", { session_id: "chat" }, refused("chat.end"))
    assert.deepStrictEqual(recorded.complaints, [])
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
    for (const recorded of [near, gone]) {
      const ayu = recorded.phone("ayu", "mitra")
      recorded.commit(put.session(active()))
      recorded.calls(ayu, "mitra.heartbeat", {}, { is_online: true })
      ayu.isConnected = false
      recorded.passes(recorded === near ? 30_000 : 130_000)
      recorded.commit(resumed(recorded.now()))
    }
    assert.deepStrictEqual(near.complaints, [])
    assert.deepStrictEqual(gone.complaints, [
      "an extension was approved by the clock; ayu was away for 130000 ms"
    ])
  })
})

describe("defects", () => {
  it("sees an error in the server's log, but not that a store was away", () => {
    const recorded = history(defects)
    const line = { at_ms: 0, process: "runner-1", level: "Error" }
    recorded.log.push({ ...line, level: "Warn", text: "hm" }, {
      ...line,
      text: "Shard lock storage is unhealthy"
    })
    recorded.passes(250)
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.log.push({ ...line, text: "defect in a turn" })
    recorded.passes(250)
    assert.deepStrictEqual(recorded.complaints, ["runner-1 logged an error: defect in a turn"])
  })
})

describe("sign-ins", () => {
  const token = (auth_session_id: string) =>
    `${Buffer.from(JSON.stringify({ auth_session_id })).toString("base64url")}.seal`
  const row = (revoked_at: number | null) => (tables: Tables) =>
    void tables.auth_sessions.set("sign-in", {
      id: "sign-in",
      family_id: "sign-in",
      user_type: "mitra",
      user_id: "ayu",
      refresh_hash: "hash",
      created_at: 0,
      expires_at: 1,
      rotated_at: null,
      rotated_from: null,
      used_at: null,
      revoked_at,
      revoked_reason: null
    })
  const signedIn = (of: string) => {
    const recorded = history(signIns)
    const ayu = recorded.phone("ayu", "mitra")
    ayu.tokens = { access_token: token(of), refresh_token: null, user_id: "ayu" }
    recorded.commit(row(null))
    recorded.passes(10_000)
    recorded.commit(row(1))
    return { ayu, recorded }
  }

  it("sees a phone that stays, or comes back, with one that is over", () => {
    const { recorded } = signedIn("sign-in")
    recorded.passes(2_000)
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(10_000)
    assert.lengthOf(recorded.complaints, 1)
    assert.match(
      recorded.complaints[0] ?? "",
      /^ayu is connected with a sign-in that was revoked \d+ ms ago$/
    )
  })

  it("is content with a phone that is cut off, or has signed in again", () => {
    const cut = signedIn("sign-in")
    cut.ayu.isConnected = false
    const again = signedIn("another")
    for (const { recorded } of [cut, again]) {
      recorded.passes(30_000)
      assert.deepStrictEqual(recorded.complaints, [])
    }
  })
})
