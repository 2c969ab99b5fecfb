// The other rules of the oracle: fed with broken histories, each must complain, and let a sound one pass.
import { assert, describe, it } from "@effect/vitest"
import { answers } from "../../../simulator/checkers/oracle/answers.ts"
import { audit } from "../../../simulator/checkers/oracle/audit.ts"
import { notified } from "../../../simulator/checkers/oracle/notified.ts"
import { reading } from "../../../simulator/checkers/oracle/reading.ts"
import { signInTimes } from "../../../simulator/checkers/oracle/sign-in-times.ts"
import { silence } from "../../../simulator/checkers/oracle/silence.ts"
import { told } from "../../../simulator/checkers/oracle/told.ts"
import { Refused } from "../../../simulator/clients/connection.ts"
import { history, startMs } from "./history.ts"
import { active, all, event, message, mitra, offer, payment, push, put, session } from "./rows.ts"

const text = (recorded: { readonly complaints: ReadonlyArray<string> }) => recorded.complaints.join("\n")

describe("told", () => {
  it("sees an event that a connected phone is not told within two seconds", () => {
    const recorded = history(told)
    recorded.phone("sari", "customer")
    recorded.commit(put.session(active({ last_seq: 1 })))
    recorded.passes(1_500)
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(1_000)
    assert.include(text(recorded), "sari was not told of 1 within 2 s")
  })

  it("sees an offer that is not shown, and one that is over and still shown", () => {
    const recorded = history(told)
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(put.offer(offer()))
    recorded.passes(2_500)
    assert.include(text(recorded), "ayu was not shown an offer within 2 s")
    recorded.hears(ayu, { _tag: "offer", offer: { session_id: "chat" } })
    recorded.commit(put.offer(offer({ status: "missed", ending: "taken" })))
    recorded.passes(2_500)
    assert.include(text(recorded), "ayu was not told within 2 s that an offer is over")
  })

  it("sees that a mitra who went offline was not told", () => {
    const recorded = history(told)
    recorded.phone("ayu", "mitra")
    recorded.commit((tables) => {
      put.mitra(mitra())(tables)
      tables.mitra_online_logs.push({ mitra_id: "ayu", is_online: false, cause: "forced", at: startMs })
    })
    recorded.passes(2_500)
    assert.include(text(recorded), "ayu was not told: online false (forced)")
  })
})

describe("silence", () => {
  const goesOnline = (recorded: ReturnType<typeof history>) =>
    recorded.commit((tables) => {
      put.mitra(mitra())(tables)
      tables.mitra_online_logs.push({ mitra_id: "ayu", is_online: true, cause: "toggle", at: startMs })
    })

  it("sees a mitra whose pings stopped and who is still online", () => {
    const recorded = history(silence)
    goesOnline(recorded)
    recorded.passes(375_000)
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(15_000)
    assert.include(text(recorded), "and is still online")
  })

  it("sees a mitra who is called silent before her last ping is 45 s old", () => {
    const recorded = history(silence)
    const ayu = recorded.phone("ayu", "mitra")
    goesOnline(recorded)
    recorded.sends(ayu, "mitra.heartbeat", {})
    recorded.calls(ayu, "mitra.heartbeat", {}, { is_online: true })
    const at = startMs + 44_999
    recorded.commit((tables) => {
      put.mitra(mitra({ display_name: "A" }))(tables)
      tables.mitra_online_logs.push({ mitra_id: "ayu", is_online: false, cause: "stale_heartbeat", at })
    })
    assert.include(text(recorded), "a mitra was called silent 44999 ms after her last ping")
  })
})

describe("audit", () => {
  const staff = (tables: Parameters<ReturnType<typeof all>>[0]) =>
    void tables.staff.set("boss", { id: "boss", email: "a@b", role: "admin", is_active: true } as never)
  const entry = (action: string) => (tables: Parameters<typeof staff>[0]) =>
    void tables.audit_log.set(action, {
      id: action,
      staff_id: "boss",
      action,
      target_type: "mitra",
      target_id: "ayu",
      before: null,
      after: null,
      peer: "",
      at: startMs
    })

  it("wants one entry for what staff do, in the same transaction, and none for what they did not", () => {
    const recorded = history(audit)
    const boss = recorded.phone("boss", "staff")
    recorded.commit(all(staff, put.mitra(mitra({ id: "dewi" }))))
    recorded.complaints.length = 0
    recorded.sends(boss, "admin.deactivate_mitra", { mitra_id: "ayu" })
    recorded.commit(all(put.mitra(mitra()), entry("mitra.create")))
    recorded.complaints.length = 0
    recorded.commit(all(put.mitra(mitra({ is_active: false })), entry("mitra.deactivate")))
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.commit(put.mitra(mitra({ is_active: true })))
    assert.include(text(recorded), "mitra.activate ayu: 0 entries in the audit log")
    recorded.commit(entry("mitra.activate"))
    assert.include(text(recorded), "mitra.activate ayu is in the audit log, and was not done")
    assert.include(text(recorded), "mitra.activate ayu is in the audit log, and nobody asked for it")
    recorded.complaints.length = 0
    recorded.commit(put.mitra(mitra({ languages: ["jv"], topics: ["regular"] })))
    assert.include(text(recorded), "mitra.profile ayu: 0 entries in the audit log")
  })
})

describe("notified", () => {
  it("sees an event without its push, and a push that waits or lives too long", () => {
    const recorded = history(notified)
    recorded.commit(all(
      put.session(session()),
      put.event(event(1, {
        _tag: "OffersSent",
        at: startMs,
        wave: 1,
        offers: [{ ...offer(), mitra_name: "Ayu" }],
        next_wave_at: null
      }))
    ))
    assert.include(text(recorded), "no push was written: chat/offer/ayu")
    recorded.commit(put.push(push({ due_at: startMs + 5_000 })))
    assert.include(text(recorded), "a push was written that no event asks for")
    assert.include(text(recorded), "the push of offer waits 5000 ms")
  })

  it("sees a push that is sent with another lifetime, and one to an open app", () => {
    const recorded = history(notified)
    recorded.phone("ayu", "mitra")
    recorded.commit(
      all(
        put.push(push({ due_at: startMs })),
        (tables) => void tables.devices.set("t", { token: "t", user_id: "ayu", user_type: "mitra" } as never)
      )
    )
    recorded.passes(10_000)
    const data = { kind: "offer", session_id: "chat", push_id: "push" }
    recorded.pushes.push({
      at_ms: recorded.now(),
      message: { token: "t", data, expires_at: startMs + 60_000, ttl_ms: 60_000 } as never
    })
    recorded.passes(250)
    assert.include(text(recorded), "lives 10000 ms beside what it is about")
    assert.include(text(recorded), "ayu was sent a push of offer with the app open")
  })
})

describe("reading", () => {
  const chat = all(
    put.session(active({ last_seq: 3 })),
    put.message(message({ seq: 1 })),
    put.message(message({ seq: 2, client_message_id: "b", message_id: "m2" })),
    put.message(message({ seq: 3, client_message_id: "c", message_id: "m3" }))
  )
  const row = (seq: number) => ({
    session_id: "chat",
    seq,
    side: "customer",
    body: "halo",
    client_message_id: seq === 1 ? "sari-1" : seq === 2 ? "b" : "c",
    message_id: seq === 1 ? "message" : `m${seq}`
  })
  const asks = (recorded: ReturnType<typeof history>, messages: ReadonlyArray<object>, has_more: boolean) => {
    const ayu = recorded.phone("ayu", "mitra")
    const payload = { session_id: "chat", before_seq: null, after_seq: null, limit: 2 }
    recorded.commit(chat)
    recorded.passes(1_000)
    recorded.sends(ayu, "chat.history", payload)
    recorded.calls(ayu, "chat.history", payload, { messages, has_more, handovers: [] })
    return recorded.complaints
  }

  it("knows which messages a page of the history holds", () => {
    assert.deepStrictEqual(asks(history(reading), [row(2), row(3)], true), [])
    assert.include(asks(history(reading), [row(1), row(2)], false)[0], "does not begin where it was asked to")
    assert.include(asks(history(reading), [row(1), row(3)], false)[0], "leaves messages out")
    assert.include(asks(history(reading), [row(2), row(3)], false)[0], "says wrongly whether there is more")
  })

  it("counts what is unread", () => {
    const recorded = history(reading)
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(chat)
    recorded.passes(1_000)
    const asked = (unread: number) => {
      recorded.sends(ayu, "chat.unread", {})
      recorded.calls(ayu, "chat.unread", {}, { total: unread, sessions: [{ session_id: "chat", unread }] })
    }
    asked(3)
    assert.deepStrictEqual(recorded.complaints, [])
    asked(2)
    assert.include(text(recorded), "ayu has 2 unread; there are 3 to 3")
  })
})

describe("answers", () => {
  it("sees a view, and a refusal, that was not so between question and answer", () => {
    const recorded = history(answers)
    const sari = recorded.phone("sari", "customer")
    const payload = { session_id: "chat", command_id: "1" }
    const view = { session_id: "chat", status: "active", last_seq: 1, mitra_id: "ayu", topic: "regular" }
    const ends_at = new Date(startMs + 300_000).toISOString()
    recorded.commit(put.session(active({ last_seq: 1 })))
    recorded.passes(1_000)
    recorded.sends(sari, "chat.end", payload)
    recorded.calls(sari, "chat.end", payload, { ...view, ends_at })
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.sends(sari, "chat.end", payload)
    recorded.calls(sari, "chat.end", payload, { ...view, ends_at, last_seq: 0 })
    assert.include(text(recorded), "sari was shown active at 0, which it was not meanwhile")
    recorded.sends(sari, "chat.end", payload)
    const over = new Refused("chat.end", { code: "SESSION_OVER", message: "" })
    recorded.calls(sari, "chat.end", payload, over)
    assert.include(text(recorded), "sari was told SESSION_OVER for chat.end of a chat that was active")
  })

  it("know that the end moves without a number while the mitra is gone", () => {
    const recorded = history(answers)
    const sari = recorded.phone("sari", "customer")
    const payload = { session_id: "chat", command_id: "1" }
    recorded.commit(put.session(active({ last_seq: 1 })))
    recorded.passes(1_000)
    recorded.commit(put.session(active({ last_seq: 1, ends_at: null })))
    recorded.passes(1_000)
    recorded.sends(sari, "chat.end", payload)
    recorded.calls(sari, "chat.end", payload, {
      session_id: "chat",
      status: "active",
      last_seq: 1,
      mitra_id: "ayu",
      topic: "regular",
      ends_at: null
    })
    assert.deepStrictEqual(recorded.complaints, [])
  })
})

describe("sign-in times", () => {
  const code = (id: string, created_at: number, lives = 300_000) => ({
    id,
    phone: "+62",
    ip: "here",
    created_at,
    expires_at: created_at + lives,
    attempts: 0,
    used_at: null as number | null
  })

  it("sees a code that lives too long, comes too soon, or is used after its end", () => {
    const recorded = history(signInTimes)
    const write = (row: ReturnType<typeof code>) =>
      recorded.commit((tables) => void tables.one_time_codes.set(row.id, row as never))
    write(code("1", startMs, 300_001))
    write(code("2", startMs + 59_999))
    write({ ...code("2", startMs + 59_999), used_at: startMs + 359_999 })
    assert.deepStrictEqual(recorded.complaints, [
      "a code lives for 300001 ms",
      "a code was sent 59999 ms after another to the same phone",
      "a code was used 0 ms after its end"
    ])
  })

  it("sees tokens that are too short, and gives one that is shown again what it was exchanged for", () => {
    const recorded = history(signInTimes)
    const ayu = recorded.phone("ayu", "mitra")
    const end = (ms: number) => new Date(recorded.now() + ms).toISOString()
    const refresh = (refresh_token: string, lives_ms: number) => {
      recorded.sends(ayu, "auth.refresh", { refresh_token })
      const answer = { access_expires_at: end(3_600_000), refresh_expires_at: end(lives_ms) }
      recorded.calls(ayu, "auth.refresh", { refresh_token }, answer)
    }
    const month = 30 * 24 * 3_600_000
    refresh("first", month)
    recorded.passes(180_000)
    refresh("first", month - 180_000)
    assert.deepStrictEqual(recorded.complaints, [])
    refresh("another", month - 180_000)
    assert.deepStrictEqual(recorded.complaints, [`ayu got tokens for 3600000 and ${month - 180_000} ms`])
  })

  it("sees a payment that may be paid for longer than staff set", () => {
    const recorded = history(signInTimes)
    recorded.commit(put.payment(payment({ expires_at: startMs + 21 * 60_000 })))
    assert.deepStrictEqual(recorded.complaints, ["a payment may be paid for 21 minutes"])
  })
})
