// The rule about drains: fed with broken histories it must complain, and with sound ones not.
import { assert, describe, it } from "@effect/vitest"
import { ConnectionLost } from "../../../simulator/clients/connection.ts"
import { drain } from "../../../simulator/checkers/rules/drain.ts"
import { history } from "./history.ts"

const openLine = (readyState: number) => ({
  line: { runner: "runner-1", soundSince_us: 0, isOver: false, transport: { wire: { readyState } } }
})
const goingAway = new ConnectionLost(1012, "{}")

describe("drain", () => {
  it("is content when calls are answered, sockets are closed, and the runner is gone in time", () => {
    const recorded = history(drain)
    const sari = recorded.phone("sari", "customer", openLine(3))
    const late = {}
    recorded.connection(sari, "connected")
    recorded.runner("runner-1", "stops")
    recorded.passes(19_000)
    // What was asked when the close was on its way, or is still under way after five seconds.
    recorded.sends(sari, "chat.send", late)
    recorded.calls(sari, "chat.send", late, goingAway)
    recorded.runner("runner-1", "is gone")
    recorded.connection(sari, "over 1006 ")
    recorded.passes(60_000)
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees a call that is sent away although it was in flight", () => {
    const recorded = history(drain)
    const sari = recorded.phone("sari", "customer", openLine(2))
    const asked = {}
    recorded.sends(sari, "chat.send", asked)
    recorded.passes(500)
    recorded.runner("runner-1", "stops")
    recorded.passes(500)
    recorded.calls(sari, "chat.send", asked, goingAway)
    assert.deepStrictEqual(recorded.complaints, [
      "sari asked chat.send 1000 ms ago, and was sent away without an answer"
    ])
  })

  it("sees an end without a word, unless the runner was killed", () => {
    for (const [what, count] of [["stops", 1], ["is killed", 0]] as const) {
      const recorded = history(drain)
      const sari = recorded.phone("sari", "customer", openLine(1))
      recorded.connection(sari, "connected")
      recorded.runner("runner-1", what)
      recorded.runner("runner-1", "is gone")
      recorded.connection(sari, "over 1006 ")
      assert.strictEqual(recorded.complaints.length, count)
    }
  })

  it("sees a runner that is not gone after twenty seconds of its own", () => {
    const recorded = history(drain)
    recorded.runner("runner-1", "stops")
    recorded.frozen.add("runner-1")
    recorded.passes(30_000)
    recorded.frozen.clear()
    recorded.passes(20_000)
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(2_000)
    assert.match(
      recorded.complaints[0] ?? "",
      /^runner-1 was told to stop, and is still there after 20750 ms/
    )
  })
})
