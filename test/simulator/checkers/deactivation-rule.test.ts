// The rule about deactivated mitras: fed with broken histories it must complain, and with sound ones not.
import { assert, describe, it } from "@effect/vitest"
import { Refused } from "../../../simulator/clients/connection.ts"
import { deactivation } from "../../../simulator/checkers/rules/deactivation.ts"
import { history } from "./history.ts"
import { all, mitra, offer, put } from "./rows.ts"

describe("deactivation", () => {
  const socket = (wire: { readyState: number }) => ({
    isOpen: true,
    line: { isOver: false, soundSince_us: 0, transport: { wire } }
  })
  const open = socket({ readyState: 1 })
  const out = put.mitra(mitra({ is_active: false }))

  it("is content when she loses socket and offers within the second", () => {
    const recorded = history(deactivation)
    const ayu = recorded.phone("ayu", "mitra", open)
    recorded.commit(all(put.mitra(mitra()), put.offer(offer())))
    recorded.commit(out)
    recorded.commit(put.offer(offer({ status: "ignored", ending: "withdrawn" })))
    ayu.connection = null
    recorded.passes(60_000)
    recorded.calls(ayu, "mitra.heartbeat", {}, new Refused("", { code: "ACCOUNT_INACTIVE", message: "" }))
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees a socket and an offer that stay, and a new offer", () => {
    const recorded = history(deactivation)
    recorded.phone("ayu", "mitra", open)
    recorded.commit(all(put.mitra(mitra()), put.offer(offer())))
    recorded.commit(out)
    recorded.passes(2_000)
    recorded.commit(put.offer(offer({ session_id: "another" })))
    assert.sameMembers(recorded.complaints, [
      "ayu is deactivated and still connected",
      "a deactivated mitra still has an open offer",
      "a deactivated mitra got a new offer"
    ])
  })

  it("asks the server's end of the socket: a sleeping phone hears of the close when it wakes", () => {
    const recorded = history(deactivation)
    const wire = { readyState: 1 }
    recorded.phone("ayu", "mitra", socket(wire))
    recorded.commit(put.mitra(mitra()))
    recorded.commit(out)
    recorded.passes(1_000)
    // As far as her phone knows, it is still connected.
    wire.readyState = 2
    recorded.passes(60_000)
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees a socket that came in while she was being deactivated, and that stays", () => {
    const recorded = history(deactivation)
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(put.mitra(mitra()))
    recorded.commit(out)
    recorded.passes(500)
    ayu.connection = open as never
    recorded.passes(2_000)
    assert.deepStrictEqual(recorded.complaints, ["ayu is deactivated and still connected"])
  })

  it("sees that she is still told things, but not what a sleeping phone hears when it wakes", () => {
    const recorded = history(deactivation)
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(put.mitra(mitra()))
    recorded.commit(out)
    recorded.passes(60_000)
    recorded.hears(ayu, { _tag: "typing" })
    recorded.hears(ayu, { _tag: "typing" })
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(20_000)
    recorded.hears(ayu, { _tag: "typing" })
    assert.deepStrictEqual(recorded.complaints, ["ayu is deactivated and was still told: typing"])
  })
})
