// What a phone makes of a hand-over: over for the one who had the chat, going on for the others, and alive
// again when it comes back, by an event or by a snapshot.
import { assert, describe, it } from "@effect/vitest"
import { mitraOf, standingOf } from "../../../simulator/clients/person.ts"
import { Told } from "../../../simulator/clients/client-state.ts"

const fact = (seq: number, fact: object) => ({ _tag: "session", session_id: "chat", seq, fact })
const paired = fact(1, { kind: "paired", mitra_id: "ayu" })
const rerouted = (seq: number, from_mitra_id: string, mitra_id: string) =>
  fact(seq, { kind: "rerouted", from_mitra_id, mitra_id })

const phoneOf = (owner: string) => {
  const told = new Told(() => owner)
  told.hear(paired, 0)
  told.hear(rerouted(2, "ayu", "dewi"), 0)
  return { told, session: told.session("chat") }
}

describe("a hand-over", () => {
  it("ends the chat for the mitra who had it, and for nobody else", () => {
    const standings = ["ayu", "dewi", "sari"].map((owner) => standingOf(phoneOf(owner).session))
    assert.deepStrictEqual(standings, ["over", "running", "running"])
    assert.strictEqual(mitraOf(phoneOf("sari").session), "dewi")
    const { told } = phoneOf("ayu")
    assert.deepStrictEqual([...told.live], [])
    // It may come back: her phone goes on saying how far she has heard it.
    assert.deepStrictEqual(told.since(), [{ session_id: "chat", seq: 2 }])
  })

  it("back to her brings the chat back", () => {
    const { session, told } = phoneOf("ayu")
    told.hear(fact(3, { kind: "message", message: { side: "customer" } }), 0)
    told.hear(rerouted(4, "dewi", "ayu"), 0)
    assert.deepStrictEqual([standingOf(session), mitraOf(session)], ["running", "ayu"])
    assert.deepStrictEqual(told.since(), [{ session_id: "chat", seq: 4 }])
    assert.deepStrictEqual(told.oddities, [])
  })

  const view = { session_id: "chat", status: "active", mitra_id: "ayu", last_seq: 9 }

  it("back to her while she was away is in the snapshot, and what she missed follows", () => {
    const { session, told } = phoneOf("ayu")
    const recovered = [{ session_id: "chat", recovered: true }]
    told.hear({ _tag: "snapshot", sessions: [view], recovered, offers: [] }, 0)
    assert.strictEqual(standingOf(session), "running")
    told.hear(fact(3, { kind: "warning" }), 0)
    assert.deepStrictEqual([session.declaredGaps, told.oddities], [[], []])
  })

  it("back to her, and not asked for when she came back, goes on from the snapshot", () => {
    const { session, told } = phoneOf("ayu")
    told.hear({ _tag: "snapshot", sessions: [view], recovered: [], offers: [] }, 0)
    told.hear(fact(10, { kind: "warning" }), 0)
    assert.strictEqual(standingOf(session), "running")
    assert.deepStrictEqual(session.declaredGaps, [{ after_seq: 2, before_seq: 10 }])
    assert.deepStrictEqual(told.oddities, [])
  })
})
