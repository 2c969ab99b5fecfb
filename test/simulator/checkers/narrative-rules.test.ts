// Rules about what is written and what phones are told: fed with broken histories, each must complain.
import { assert, describe, it } from "@effect/vitest"
import { BrokenAnswer } from "../../../simulator/clients/connection.ts"
import { ending } from "../../../simulator/checkers/rules/ending.ts"
import { fencing } from "../../../simulator/checkers/rules/fencing.ts"
import { messages } from "../../../simulator/checkers/rules/messages.ts"
import { narrative } from "../../../simulator/checkers/rules/narrative.ts"
import { Process } from "../../../simulator/kernel/process.ts"
import { history, startMs } from "./history.ts"
import { active, all, event, message, mitra, put, session } from "./rows.ts"

const heard = (seq: number, fact: object) => ({ _tag: "session", session_id: "chat", seq, fact })
const says = (of = message()) => ({
  kind: "message",
  message: { body: of.body, client_message_id: of.client_message_id }
})
const sent = { session_id: "chat", client_message_id: "sari-1", body: "halo" }

describe("messages", () => {
  const written = all(put.session(active({ last_seq: 1 })), put.message(message()))

  it("is content when an acknowledged message is written and heard once", () => {
    const recorded = history(messages)
    const [sari, ayu] = [recorded.phone("sari", "customer"), recorded.phone("ayu", "mitra")]
    recorded.commit(written)
    recorded.calls(sari, "chat.send", sent, { seq: 1 })
    recorded.calls(sari, "chat.send", sent, { seq: 1 })
    recorded.hears(ayu, heard(1, says()))
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees an acknowledgement before the message is written, and one of another message", () => {
    const recorded = history(messages)
    const sari = recorded.phone("sari", "customer")
    recorded.calls(sari, "chat.send", sent, { seq: 1 })
    recorded.commit(written)
    recorded.calls(sari, "chat.send", { ...sent, body: "lain" }, { seq: 1 })
    assert.deepStrictEqual(recorded.complaints, [
      "sari-1 was acknowledged but is not written",
      "sari-1 was acknowledged as 1, where another message is"
    ])
  })

  it("sees a message that is written twice, written over, or acknowledged twice", () => {
    const recorded = history(messages)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(written)
    recorded.commit(all(put.session(active({ last_seq: 2 })), put.message(message({ seq: 2 }))))
    recorded.calls(sari, "chat.send", sent, { seq: 1 })
    recorded.calls(sari, "chat.send", sent, { seq: 2 })
    recorded.commit(put.message(message({ seq: 2, body: "lain" })))
    recorded.commit(put.message(message({ seq: 9, client_message_id: "sari-9" })))
    assert.deepStrictEqual(recorded.complaints, [
      "sari-1 is written twice: 1 and 2",
      "sari-1 was acknowledged as 1, then as 2",
      "message chat/2 was written over",
      "message 9 is beyond the end of its chat, 2"
    ])
  })

  it("sees a phone that hears something else than what is written", () => {
    const recorded = history(messages)
    recorded.commit(written)
    recorded.hears(recorded.phone("ayu", "mitra"), heard(1, says(message({ body: "lain" }))))
    assert.deepStrictEqual(recorded.complaints, ["ayu heard sari-1 as 1; the rows say otherwise"])
  })

  it("sees at the end what was lost, and what the other side never heard", () => {
    const [lost, unheard] = [history(messages), history(messages)]
    for (const recorded of [lost, unheard]) {
      const [sari, ayu] = [recorded.phone("sari", "customer"), recorded.phone("ayu", "mitra")]
      recorded.commit(written)
      recorded.calls(sari, "chat.send", sent, { seq: 1 })
      if (recorded === unheard) recorded.hears(ayu, heard(2, { kind: "closing" }))
    }
    lost.commit((tables) => void tables.messages.clear())
    lost.ends()
    unheard.ends()
    assert.include(lost.complaints, "sari-1 was acknowledged and is lost")
    assert.deepStrictEqual(unheard.complaints, ["ayu heard sari-1 0 times"])
  })
})

describe("narrative", () => {
  const offersSent = event(1, { _tag: "OffersSent", at: startMs, wave: 1, offers: [], next_wave_at: null })
  const first = { kind: "offers_sent", asked: 1, wave: 1 }
  const end = { kind: "completed", reason: "goodbye", ended_by: "clock" }

  it("is content when both phones hear the same, from the beginning to the end", () => {
    const recorded = history(narrative)
    const phones = [recorded.phone("sari", "customer"), recorded.phone("ayu", "mitra")]
    recorded.commit(all(put.session(session({ last_seq: 1 })), put.event(offersSent)))
    for (const phone of phones) recorded.hears(phone, heard(1, first))
    const completed = { _tag: "SessionCompleted", at: startMs, reason: "goodbye", ended_by: "clock" } as const
    recorded.commit(all(
      put.session(active({ last_seq: 2, status: "completed" })),
      put.event(event(2, completed))
    ))
    for (const phone of phones) recorded.hears(phone, heard(2, end))
    recorded.passes(60_000)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees two phones that are told different things, and one that hears what is not written", () => {
    const recorded = history(narrative)
    recorded.commit(all(put.session(session({ last_seq: 1 })), put.event(offersSent)))
    recorded.hears(recorded.phone("sari", "customer"), heard(1, first))
    recorded.hears(recorded.phone("ayu", "mitra"), heard(1, { ...first, asked: 2 }))
    recorded.hears(recorded.phone("dewi", "mitra"), { ...heard(1, first), session_id: "another" })
    assert.lengthOf(recorded.complaints, 2)
    assert.match(recorded.complaints[0] ?? "", /ayu heard .*"asked":2.*another phone heard .*"asked":1/)
    assert.strictEqual(recorded.complaints[1], "dewi heard 1, which is not written")
  })

  it("sees a gap, a repetition, and events without their beginning", () => {
    const recorded = history(narrative)
    recorded.commit((tables) => {
      for (let seq = 1; seq <= 4; seq += 1) put.event({ ...offersSent, seq })(tables)
    })
    const [sari, ayu] = [recorded.phone("sari", "customer"), recorded.phone("ayu", "mitra")]
    for (const seq of [1, 3, 3]) recorded.hears(sari, heard(seq, first))
    recorded.hears(ayu, heard(4, first))
    assert.deepStrictEqual(recorded.complaints, [
      "sari: event_skipped (3 after 1)",
      "sari: event_doubled (3 after 3)",
      "ayu was told the events only from 4 on"
    ])
  })

  it("sees a phone that is not told what happened, while it listens", () => {
    const recorded = history(narrative)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(all(put.session(session({ last_seq: 1 })), put.event(offersSent)))
    recorded.hears(sari, heard(1, first))
    recorded.commit(put.session(session({ last_seq: 2 })))
    recorded.passes(25_000)
    assert.deepStrictEqual(recorded.complaints, ["sari was not told of 2"])
  })

  it("sees ticks that end elsewhere than the chat", () => {
    const recorded = history(narrative)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(put.event(event(1, offersSent.event)))
    recorded.hears(sari, heard(1, { kind: "paired", ends_at: "12:05" }))
    recorded.hears(sari, { _tag: "tick", session_id: "chat", ends_at: "12:05" })
    recorded.hears(sari, { _tag: "tick", session_id: "chat", ends_at: "12:06" })
    assert.deepStrictEqual(recorded.complaints, ["sari was told that the time ends at 12:05, then at 12:06"])
  })

  it("sees at the end who has not heard all of it, and answers that are in no contract", () => {
    const recorded = history(narrative)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(
      all(put.session(active({ last_seq: 3, status: "completed" })), put.event(event(1, offersSent.event)))
    )
    recorded.hears(sari, heard(1, end))
    recorded.calls(sari, "chat.send", {}, new BrokenAnswer("chat.send", "Die"))
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [
      "sari got an answer to chat.send that is in no contract: Die",
      "sari has heard 1 of 3"
    ])
  })
})

describe("fencing", () => {
  const turnOf = (epoch: number) => ({ actor: { kind: "session", id: "chat", epoch } as const })
  const [one, two] = [new Process("runner-1"), new Process("runner-2")]

  it("is content when the old owner is refused and the new one writes", () => {
    const recorded = history(fencing)
    recorded.commit(put.session(session({ owner_epoch: 1 })))
    recorded.turn(turnOf(1), true, one)
    recorded.commit(put.session(session({ owner_epoch: 2 })))
    recorded.turn(turnOf(2), true, two)
    recorded.turn(turnOf(1), false, one)
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees an old owner write, and two owners of one epoch", () => {
    const recorded = history(fencing)
    recorded.commit(put.session(session({ owner_epoch: 2 })))
    recorded.turn(turnOf(1), true, one)
    recorded.turn(turnOf(2), true, two)
    recorded.turn(turnOf(2), false, one)
    assert.deepStrictEqual(recorded.complaints, [
      "runner-1 wrote under epoch 1; the owner has 2",
      "runner-1 and runner-2 share epoch 2"
    ])
  })

  it("sees an epoch that goes back, and an event log with a hole, a double or another past", () => {
    const recorded = history(fencing)
    const cancelled = event(1, { _tag: "RequestCancelled", at: startMs, by: "customer" })
    recorded.commit(put.session(session({ owner_epoch: 3 })))
    recorded.commit(
      all(put.session(session({ owner_epoch: 2, last_seq: 2 })), put.message(message({ seq: 2 })))
    )
    recorded.commit(all(put.event({ ...cancelled, seq: 2 }), put.session(session({ last_seq: 1 }))))
    recorded.commit(put.event({ ...cancelled, seq: 2 }))
    assert.deepStrictEqual(recorded.complaints, [
      "epoch 2 of chat follows 3",
      "the event log has 0 entries under number 1",
      "epoch 1 of chat follows 2",
      "the event log goes back from 2 to 1",
      "event chat/2 was written over"
    ])
  })
})

describe("terminal state", () => {
  const over = { ended_at: startMs, ended_by: "clock", deadline_at: null } as const

  it("is content with a session that goes through all of its life", () => {
    const recorded = history(ending)
    for (
      const status of ["searching", "pending_acceptance", "active", "extending", "active", "closing"] as const
    ) {
      recorded.commit(put.session(active({ status })))
    }
    recorded.commit(put.session(active({ status: "completed", ...over })))
    recorded.passes(600_000)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees a session that goes back, ends from the wrong place, or comes back to life", () => {
    const recorded = history(ending)
    for (
      const [before, after] of [["closing", "active"], ["active", "expired"], [
        "completed",
        "active"
      ]] as const
    ) {
      const id = `${before}-${after}`
      recorded.commit(put.session(active({ id, status: before, ...(before === "completed" ? over : {}) })))
      recorded.commit(put.session(active({ id, status: after, ...(after === "expired" ? over : {}) })))
    }
    assert.deepStrictEqual(recorded.complaints, [
      "a session that was closing is active",
      "a session that was active is expired",
      "a session that was completed is active"
    ])
  })

  it("sees an end without an instant, and a life without a deadline", () => {
    const recorded = history(ending)
    recorded.commit(put.session(active({ deadline_at: null })))
    recorded.commit(put.session(active({ status: "completed", deadline_at: null })))
    assert.deepStrictEqual(recorded.complaints, [
      "a session that is not over has no deadline",
      "over without an end, or ended without being over"
    ])
  })

  it("leaves a phone that is just coming back alone", () => {
    const recorded = history(ending)
    recorded.phone("sari", "customer").isConnected = false
    recorded.disconnects()
    recorded.passes(5_000)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(60_000)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, ["after healing sari is not connected"])
  })

  it("gives a person who was let in again the time to sign in", () => {
    const recorded = history(ending)
    recorded.phone("ayu", "mitra").isConnected = false
    recorded.disconnects()
    recorded.commit(put.mitra(mitra({ is_active: false })))
    recorded.passes(600_000)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.commit(put.mitra(mitra({ is_active: true })))
    recorded.passes(60_000)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(31_000)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, ["after healing ayu is not connected"])
  })

  it("sees what is due and does not happen, and what is left over at the end", () => {
    const recorded = history(ending)
    recorded.phone("sari", "customer").isConnected = false
    recorded.commit(put.session(session()))
    recorded.passes(90_000)
    recorded.ends()
    assert.lengthOf(recorded.complaints, 3)
    assert.match(recorded.complaints[0] ?? "", /what was due .* has not happened: still searching/)
    assert.deepStrictEqual(recorded.complaints.slice(1), [
      "after healing a session is still searching",
      "after healing sari is not connected"
    ])
  })
})
