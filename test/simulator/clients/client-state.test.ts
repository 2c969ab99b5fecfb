// What a phone makes of a hand-over: over for the one who had the chat, going on for the others, and alive
// again when it comes back, by an event or by a snapshot.
import { assert, describe, it } from "@effect/vitest"
import { mitraOf, phaseOf } from "../../../simulator/clients/client.ts"
import { ClientState } from "../../../simulator/clients/client-state.ts"

const fact = (seq: number, fact: object) => ({ _tag: "session", session_id: "chat", seq, fact })
const paired = fact(1, { kind: "paired", mitra_id: "ayu" })
const rerouted = (seq: number, from_mitra_id: string, mitra_id: string) =>
  fact(seq, { kind: "rerouted", from_mitra_id, mitra_id })

const phoneOf = (owner: string) => {
  const clientState = new ClientState(() => owner)
  clientState.hear(paired, 0)
  clientState.hear(rerouted(2, "ayu", "dewi"), 0)
  return { clientState, session: clientState.session("chat") }
}

describe("a hand-over", () => {
  it("ends the chat for the mitra who had it, and for nobody else", () => {
    const phases = ["ayu", "dewi", "sari"].map((owner) => phaseOf(phoneOf(owner).session))
    assert.deepStrictEqual(phases, ["over", "running", "running"])
    assert.strictEqual(mitraOf(phoneOf("sari").session), "dewi")
    const { clientState } = phoneOf("ayu")
    assert.deepStrictEqual([...clientState.live], [])
    // It may come back: her phone goes on saying how far she has heard it.
    assert.deepStrictEqual(clientState.since(), [{ session_id: "chat", seq: 2 }])
  })

  it("back to her brings the chat back", () => {
    const { clientState, session } = phoneOf("ayu")
    clientState.hear(fact(3, { kind: "message", message: { side: "customer" } }), 0)
    clientState.hear(rerouted(4, "dewi", "ayu"), 0)
    assert.deepStrictEqual([phaseOf(session), mitraOf(session)], ["running", "ayu"])
    assert.deepStrictEqual(clientState.since(), [{ session_id: "chat", seq: 4 }])
    assert.deepStrictEqual(clientState.oddities, [])
  })

  const view = { session_id: "chat", status: "active", mitra_id: "ayu", last_seq: 9 }

  it("back to her while she was away is in the snapshot, and what she missed follows", () => {
    const { clientState, session } = phoneOf("ayu")
    const recovered = [{ session_id: "chat", recovered: true }]
    clientState.hear({ _tag: "snapshot", sessions: [view], recovered, offers: [] }, 0)
    assert.strictEqual(phaseOf(session), "running")
    clientState.hear(fact(3, { kind: "warning" }), 0)
    assert.deepStrictEqual([session.declaredGaps, clientState.oddities], [[], []])
  })

  it("back to her, and not asked for when she came back, goes on from the snapshot", () => {
    const { clientState, session } = phoneOf("ayu")
    clientState.hear({ _tag: "snapshot", sessions: [view], recovered: [], offers: [] }, 0)
    clientState.hear(fact(10, { kind: "warning" }), 0)
    assert.strictEqual(phaseOf(session), "running")
    assert.deepStrictEqual(session.declaredGaps, [{ after_seq: 2, before_seq: 10 }])
    assert.deepStrictEqual(clientState.oddities, [])
  })
})
