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
    const told = history(deactivation)
    const ayu = told.phone("ayu", "mitra", open)
    told.commit(all(put.mitra(mitra()), put.offer(offer())))
    told.commit(out)
    told.commit(put.offer(offer({ status: "ignored", ending: "withdrawn" })))
    ayu.connection = null
    told.passes(60_000)
    told.calls(ayu, "mitra.heartbeat", {}, new Refused("", { code: "ACCOUNT_INACTIVE", message: "" }))
    assert.deepStrictEqual(told.complaints, [])
  })

  it("sees a socket and an offer that stay, and a new offer", () => {
    const told = history(deactivation)
    told.phone("ayu", "mitra", open)
    told.commit(all(put.mitra(mitra()), put.offer(offer())))
    told.commit(out)
    told.passes(2_000)
    told.commit(put.offer(offer({ session_id: "another" })))
    assert.sameMembers(told.complaints, [
      "ayu is deactivated and still connected",
      "a deactivated mitra still has an open offer",
      "a deactivated mitra got a new offer"
    ])
  })

  it("asks the server's end of the socket: a sleeping phone hears of the close when it wakes", () => {
    const told = history(deactivation)
    const wire = { readyState: 1 }
    told.phone("ayu", "mitra", socket(wire))
    told.commit(put.mitra(mitra()))
    told.commit(out)
    told.passes(1_000)
    // As far as her phone knows, it is still connected.
    wire.readyState = 2
    told.passes(60_000)
    assert.deepStrictEqual(told.complaints, [])
  })

  it("sees a socket that came in while she was being deactivated, and that stays", () => {
    const told = history(deactivation)
    const ayu = told.phone("ayu", "mitra")
    told.commit(put.mitra(mitra()))
    told.commit(out)
    told.passes(500)
    ayu.connection = open as never
    told.passes(2_000)
    assert.deepStrictEqual(told.complaints, ["ayu is deactivated and still connected"])
  })

  it("sees that she is still told things, but not what a sleeping phone hears when it wakes", () => {
    const told = history(deactivation)
    const ayu = told.phone("ayu", "mitra")
    told.commit(put.mitra(mitra()))
    told.commit(out)
    told.passes(60_000)
    told.hears(ayu, { _tag: "typing" })
    told.hears(ayu, { _tag: "typing" })
    assert.deepStrictEqual(told.complaints, [])
    told.passes(20_000)
    told.hears(ayu, { _tag: "typing" })
    assert.deepStrictEqual(told.complaints, ["ayu is deactivated and was still told: typing"])
  })
})
