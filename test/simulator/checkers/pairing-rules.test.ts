// Rules about who gets a request: fed with broken histories, each must complain, and with sound ones not.
import { assert, describe, it } from "@effect/vitest"
import { Refused, TryLater } from "../../../simulator/clients/connection.ts"
import { capacity } from "../../../simulator/checkers/rules/capacity.ts"
import { offers } from "../../../simulator/checkers/rules/offers.ts"
import { oneLiveSession } from "../../../simulator/checkers/rules/one-live-session.ts"
import { oneWinner } from "../../../simulator/checkers/rules/one-winner.ts"
import { stayingOnline } from "../../../simulator/checkers/rules/staying-online.ts"
import { history, startMs } from "./history.ts"
import { active, all, offer, put, session } from "./rows.ts"

const paired = (mitra_id: string) => ({
  _tag: "session",
  session_id: "chat",
  seq: 2,
  fact: { kind: "paired", mitra_id, ends_at: "later" }
})
const taken = (mitra_id: string) => put.offer(offer({ mitra_id, status: "missed", ending: "taken" }))
const won = (mitra_id: string) => put.offer(offer({ mitra_id, status: "accepted" }))
const code = (of: string) => new Refused("mitra.accept", { code: of, message: "" })

describe("one winner", () => {
  it("is content when one mitra wins and the other is told why she did not", () => {
    const recorded = history(oneWinner)
    recorded.commit(all(won("ayu"), taken("dewi"), put.session(active())))
    recorded.hears(recorded.phone("ayu", "mitra"), paired("ayu"))
    recorded.hears(recorded.phone("sari", "customer"), paired("ayu"))
    recorded.calls(
      recorded.phone("dewi", "mitra"),
      "mitra.accept",
      { session_id: "chat" },
      code("OFFER_TAKEN")
    )
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees two accepted offers of one request", () => {
    const recorded = history(oneWinner)
    recorded.commit(won("ayu"))
    recorded.commit(won("dewi"))
    assert.deepStrictEqual(recorded.complaints, ["one request has two accepted offers"])
  })

  it("sees a win that is taken back", () => {
    const recorded = history(oneWinner)
    recorded.commit(won("ayu"))
    recorded.commit(taken("ayu"))
    assert.deepStrictEqual(recorded.complaints, ["an accepted offer is not accepted any more"])
  })

  it("sees a chat with a mitra who never accepted", () => {
    const recorded = history(oneWinner)
    recorded.commit(all(won("ayu"), put.session(active({ mitra_id: "dewi" }))))
    assert.deepStrictEqual(recorded.complaints, ["a chat has a mitra whose offer was not accepted"])
  })

  it("sees a loser who is told that she is paired, by event or by answer", () => {
    const recorded = history(oneWinner)
    recorded.commit(all(won("ayu"), put.session(active())))
    recorded.hears(recorded.phone("dewi", "mitra"), paired("ayu"))
    recorded.hears(recorded.phone("sari", "customer"), paired("ayu"))
    recorded.calls(recorded.phone("putri", "mitra"), "mitra.accept", { session_id: "chat" }, {
      status: "active"
    })
    assert.deepStrictEqual(recorded.complaints, [
      "dewi was told that she is paired, but another won",
      "putri was told of another winner than somebody else"
    ])
  })

  it("lets a mitra who took a chat over hear how it began", () => {
    const recorded = history(oneWinner)
    const assignment = {
      session_id: "chat",
      position: 0,
      mitra_id: "dewi",
      started_at: startMs,
      ended_at: null,
      by_staff_id: null,
      reason: null,
      left_seq: null,
      left_topic: null,
      left_purchased_ms: null
    }
    recorded.commit(all(won("ayu"), (tables) => void tables.mitra_assignments.set("chat/0", assignment)))
    recorded.hears(recorded.phone("dewi", "mitra"), paired("ayu"))
    assert.deepStrictEqual(recorded.complaints, [])
  })
})

describe("capacity", () => {
  const running = (id: string) => all(put.session(active({ id, customer_id: id })))

  it("is content while each running chat has its slot", () => {
    const recorded = history(capacity)
    recorded.commit(all(running("a"), put.slot(0, "a")))
    recorded.commit(all(running("b"), put.slot(1, "b")))
    recorded.commit(all(
      put.session(active({ id: "a", status: "closing", ends_at: null })),
      (tables) => void tables.mitra_slots.delete("ayu/0")
    ))
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees a fourth chat, and its slot", () => {
    const recorded = history(capacity)
    for (const [slot, id] of ["a", "b", "c"].entries()) recorded.commit(all(running(id), put.slot(slot, id)))
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.commit(all(running("d"), put.slot(3, "d")))
    assert.deepStrictEqual(recorded.complaints, [
      "a mitra has 4 running chats; allowed are 3",
      "a mitra has 4 slots taken; allowed are 3"
    ])
  })

  it("knows what staff allow, and that a runner may know the old number for a while", () => {
    const recorded = history(capacity)
    recorded.commit((tables) =>
      void tables.settings.set("max_customers_per_mitra", { value: 1, updated_at: recorded.now() })
    )
    recorded.commit(all(running("a"), put.slot(0, "a")))
    recorded.commit(all(running("b"), put.slot(1, "b")))
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(130_000)
    recorded.commit(all(running("c"), put.slot(2, "c")))
    assert.lengthOf(recorded.complaints, 2)
  })

  it("sees a running chat without a slot, and a slot without a running chat", () => {
    const recorded = history(capacity)
    recorded.commit(running("a"))
    recorded.commit(all(put.session(active({ id: "b", status: "closing" })), put.slot(0, "b")))
    assert.deepStrictEqual(recorded.complaints, [
      "a running chat holds no slot",
      "a chat that is closing holds a slot"
    ])
  })
})

describe("one live session", () => {
  it("sees a second request beside a running chat, but not beside a closing one", () => {
    const recorded = history(oneLiveSession)
    recorded.commit(put.session(active({ id: "a", status: "closing" })))
    recorded.commit(put.session(session({ id: "b" })))
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.commit(put.session(session({ id: "c" })))
    assert.deepStrictEqual(recorded.complaints, ["a customer has 2 requests or chats at once: b, c"])
  })
})

describe("offers", () => {
  it("is content when all offers end with the request, each with its reason, and phones are told", () => {
    const recorded = history(offers)
    const dewi = recorded.phone("dewi", "mitra")
    dewi.clientState.hear({ _tag: "offer", offer: { session_id: "chat" } }, 0)
    recorded.commit(
      all(put.session(session({ status: "pending_acceptance" })), put.offer(offer({ mitra_id: "dewi" })))
    )
    recorded.commit(all(put.session(active()), won("ayu"), taken("dewi")))
    recorded.hears(dewi, { _tag: "offer_closed", session_id: "chat", ending: "taken" })
    recorded.passes(60_000)
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees an offer that is open after its request was taken, or is open again", () => {
    const recorded = history(offers)
    recorded.commit(all(put.session(active()), won("ayu"), put.offer(offer({ mitra_id: "dewi" }))))
    recorded.commit(taken("dewi"))
    recorded.commit(put.offer(offer({ mitra_id: "dewi" })))
    assert.deepStrictEqual(recorded.complaints, [
      "1 offers are open for a request that is active",
      "an offer that was over is open again",
      "1 offers are open for a request that is active"
    ])
  })

  it("sees an offer that its mitra is not shown, though she is there", () => {
    const recorded = history(offers)
    const [ayu, dewi] = [recorded.phone("ayu", "mitra"), recorded.phone("dewi", "mitra")]
    recorded.phone("putri", "mitra").isConnected = false
    const open = (mitra_id: string) => put.offer(offer({ mitra_id }))
    recorded.commit(
      all(put.session(session({ status: "pending_acceptance" })), open("ayu"), open("dewi"), open("putri"))
    )
    recorded.hears(ayu, { _tag: "offer", offer: { session_id: "chat" } })
    recorded.passes(9_000)
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(3_000)
    assert.deepStrictEqual(recorded.complaints, [`${dewi.name} is asked and is not shown it`])
  })

  it("sees an offer that ended without a reason, or with a wrong one", () => {
    const recorded = history(offers)
    recorded.commit(put.offer(offer({ status: "ignored", ending: null })))
    recorded.commit(put.offer(offer({ mitra_id: "dewi", status: "missed", ending: "expired" })))
    assert.deepStrictEqual(recorded.complaints, [
      "an offer is ignored without a reason",
      "an offer is missed because expired"
    ])
  })

  it("sees an offer that outlives its deadline, once nothing is broken any more", () => {
    const open = all(put.session(session({ status: "pending_acceptance" })), put.offer(offer()))
    const [calm, faulty] = [history(offers), history(offers)]
    faulty.faulty()
    for (const recorded of [calm, faulty]) {
      recorded.commit(open)
      recorded.passes(90_000)
    }
    assert.deepStrictEqual(calm.complaints, ["an offer is open long after its deadline"])
    assert.deepStrictEqual(faulty.complaints, [])
  })

  it("sees a phone that still shows what is over", () => {
    const recorded = history(offers)
    recorded.hears(recorded.phone("dewi", "mitra"), { _tag: "offer", offer: { session_id: "chat" } })
    recorded.commit(taken("dewi"))
    recorded.passes(15_000)
    assert.deepStrictEqual(recorded.complaints, ["dewi still shows an offer that is over"])
  })

  it("sees a loser who is told something else than what happened", () => {
    const recorded = history(offers)
    const dewi = recorded.phone("dewi", "mitra")
    recorded.commit(taken("dewi"))
    recorded.calls(dewi, "mitra.accept", { session_id: "chat" }, code("OFFER_TAKEN"))
    recorded.calls(dewi, "mitra.accept", { session_id: "chat" }, new TryLater(1))
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.calls(dewi, "mitra.accept", { session_id: "chat" }, code("OFFER_CANCELLED"))
    recorded.hears(dewi, { _tag: "offer_closed", session_id: "chat", ending: "cancelled" })
    assert.deepStrictEqual(recorded.complaints, [
      "dewi was told OFFER_CANCELLED, but her offer ended as taken",
      "dewi was told that an offer is cancelled; it is taken"
    ])
  })
})

describe("staying online", () => {
  it("sees a mitra called silent whose ping was just acknowledged, not one who went silent", () => {
    const recorded = history(stayingOnline)
    const [ayu, dewi] = [recorded.phone("ayu", "mitra"), recorded.phone("dewi", "mitra")]
    for (const phone of [ayu, dewi]) recorded.calls(phone, "mitra.heartbeat", {}, { is_online: true })
    recorded.passes(40_000)
    recorded.calls(ayu, "mitra.heartbeat", {}, { is_online: true })
    const silent = (mitra_id: string) => ({
      mitra_id,
      is_online: false,
      cause: "stale_heartbeat" as const,
      at: recorded.now()
    })
    recorded.commit((tables) => void tables.mitra_online_logs.push(silent("dewi"), silent("ayu")))
    assert.deepStrictEqual(recorded.complaints, [
      "ayu was called silent 0 ms after her ping was acknowledged"
    ])
  })
})
