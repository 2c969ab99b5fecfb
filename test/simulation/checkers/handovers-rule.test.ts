// The rule about chats that change hands: it must complain of broken histories, and of sound ones not.
import { assert, describe, it } from "@effect/vitest"
import { handovers } from "../../../src/simulation/checkers/rules/mitras/handovers.ts"
import { history, startMs } from "./history.ts"
import { all, assignment, put } from "./rows.ts"

const left = { seq: 4, topic: "regular", purchased_ms: 300_000 } as const
const handedOver = all(
  put.assignment(assignment({ ended_at: startMs + 10, left })),
  put.assignment(assignment({ position: 1, mitra_id: "bunga", started_at: startMs + 10 }))
)
const heard = (seq: number) => ({
  _tag: "session",
  session_id: "chat",
  seq,
  fact: { kind: "message", message: { side: "customer" } }
})
const typing = { _tag: "typing", session_id: "chat" }
const pageOf = (...seqs: ReadonlyArray<number>) => ({ messages: seqs.map((seq) => ({ seq })) })

describe("handovers", () => {
  it("is content when she hears of the hand-over and no more, and all of it when the chat comes back", () => {
    const told = history(handovers)
    const [ayu, bunga] = [told.phone("ayu", "mitra"), told.phone("bunga", "mitra")]
    told.commit(put.assignment(assignment()))
    told.commit(handedOver)
    told.hears(ayu, heard(4))
    told.hears(ayu, typing)
    told.hears(bunga, heard(5))
    told.calls(ayu, "chat.history", { session_id: "chat" }, pageOf(3))
    const again = { seq: 9, topic: "regular", purchased_ms: 300_000 } as const
    told.commit(all(
      put.assignment(
        assignment({
          position: 1,
          mitra_id: "bunga",
          started_at: startMs + 10,
          ended_at: startMs + 20,
          left: again
        })
      ),
      put.assignment(assignment({ position: 2, started_at: startMs + 20 }))
    ))
    told.passes(60_000)
    told.hears(ayu, heard(5))
    told.hears(ayu, typing)
    assert.deepStrictEqual(told.complaints, [])
  })

  it("sees what she hears and reads of a chat that is another's", () => {
    const told = history(handovers)
    const ayu = told.phone("ayu", "mitra")
    told.commit(put.assignment(assignment()))
    told.commit(handedOver)
    told.hears(ayu, heard(5))
    told.calls(ayu, "chat.history", { session_id: "chat" }, pageOf(3, 5))
    told.passes(20_000)
    told.hears(ayu, typing)
    told.passes(20_000)
    told.hears(ayu, typing)
    assert.deepStrictEqual(told.complaints, [
      "ayu handed a chat over at 4 and heard 5",
      "ayu handed a chat over at 4 and was shown 5",
      "ayu handed a chat over and was still told: typing"
    ])
  })

  it("sees a chat with two mitras at a time", () => {
    const told = history(handovers)
    told.commit(put.assignment(assignment()))
    told.commit(put.assignment(assignment({ position: 1, mitra_id: "bunga", started_at: startMs + 10 })))
    assert.deepStrictEqual(told.complaints, ["a chat was given to another while it still had its mitra"])
  })
})
