// The rules on what may be done with a mitra (standing) and on when she counts as gone (absence), fed with
// broken histories.
import { assert, describe, it } from "@effect/vitest"
import { absence } from "../../../simulator/checkers/oracle/absence.ts"
import { exact } from "../../../simulator/checkers/oracle/exact.ts"
import { notified } from "../../../simulator/checkers/oracle/notified.ts"
import { orders } from "../../../simulator/checkers/oracle/orders.ts"
import { standing } from "../../../simulator/checkers/oracle/standing.ts"
import { history, startMs } from "./history.ts"
import { active, event, mitra, offer, payment, push, put, session } from "./rows.ts"

const status = (change: object) => ({
  mitra_id: "ayu",
  is_online: true,
  online_since: startMs,
  is_draining: false,
  hold: null,
  last_heartbeat_at: startMs,
  last_offer_at: null,
  owner_epoch: 1,
  owner_runner: null,
  ...change
})

const recordedOf = (rule: typeof standing) => {
  const recorded = history(rule)
  const is = (change: object) =>
    recorded.commit((tables) => void tables.mitra_status.set("ayu", status(change) as never))
  recorded.commit(put.mitra(mitra()))
  is({})
  return { ...recorded, is }
}

describe("standing", () => {
  it("sees a mitra who comes online while she is held", () => {
    const { complaints, is, passes } = recordedOf(standing)
    is({ is_online: false, hold: { until: startMs + 60_000 } })
    passes(59_000)
    is({})
    assert.deepStrictEqual(complaints, [`a mitra came online who is held until ${startMs + 60_000}`])
    is({ is_online: false, hold: { until: startMs + 60_000 } })
    passes(60_000)
    is({})
    assert.strictEqual(complaints.length, 1)
  })

  it("sees a mitra who is put out and still drained", () => {
    const { commit, complaints, is } = recordedOf(standing)
    is({ is_draining: true })
    commit(put.mitra(mitra({ is_active: false })))
    assert.deepStrictEqual(complaints, ["a mitra who was put out is still drained, or held"])
  })

  it("sees an offer that a drained mitra keeps", () => {
    const { commit, complaints, is, passes } = recordedOf(standing)
    commit(put.offer(offer({ deadline_at: startMs + 60_000 })))
    passes(1_000)
    is({ is_draining: true })
    passes(4_000)
    assert.deepStrictEqual(complaints, [])
    passes(2_000)
    assert.include(complaints, "a mitra who is to finish her chats has kept an open offer")
  })

  it("sees an offer to somebody who blocked the customer", () => {
    const { commit, complaints, passes } = recordedOf(standing)
    commit(put.session(session()))
    commit((tables) => void tables.blocks.set("1", { customer_id: "sari", mitra_id: "ayu" } as never))
    passes(2_000)
    commit(put.offer(offer()))
    assert.deepStrictEqual(complaints, ["a mitra was asked who has blocked the customer, or was blocked"])
  })
})

describe("absence", () => {
  const gone = { cause: "mitra_offline", since: startMs } as const
  const goesOffline = (recorded: ReturnType<typeof recordedOf>) =>
    recorded.commit((tables) => {
      tables.mitra_status.set("ayu", status({ is_online: false }) as never)
      tables.mitra_online_logs.push({
        mitra_id: "ayu",
        is_online: false,
        cause: "toggle",
        at: recorded.now()
      })
    })

  it("sees a chat whose mitra is called gone too early, or while her app is open", () => {
    const recorded = recordedOf(absence)
    recorded.phone("ayu", "mitra")
    recorded.commit(put.session(active()))
    goesOffline(recorded)
    recorded.passes(119_000)
    recorded.commit(put.session(active({ absence: gone })))
    assert.deepStrictEqual(recorded.complaints, [
      "a mitra is called gone 119000 ms after she left",
      "a mitra is called gone whose app is open"
    ])
  })

  it("sees a chat that goes on after its mitra was put out", () => {
    const { commit, complaints, passes } = recordedOf(absence)
    commit(put.session(active({ started_at: startMs })))
    commit(put.mitra(mitra({ is_active: false })))
    passes(3_000)
    assert.deepStrictEqual(complaints, [])
    passes(4_000)
    assert.match(complaints[0] ?? "", /as if its mitra were there, who was put out \d+ ms ago/)
  })
})

describe("orders", () => {
  it("see an order that is given up while its request looks for a mitra", () => {
    const { commit, complaints } = history(orders)
    commit(put.payment(payment({ status: "confirmed" })))
    commit(put.session(session()))
    complaints.splice(0)
    commit(put.payment(payment({ status: "abandoned" })))
    assert.include(complaints, "an order was given up while its request looks, or its chat runs")
  })
})

describe("notified", () => {
  it("sees a push that is given up before its sixth attempt", () => {
    const { commit, complaints } = history(notified)
    commit(put.push(push()))
    complaints.splice(0)
    commit(put.push(push({ status: "dead", attempts: 5, last_error: "503" })))
    assert.deepStrictEqual(complaints, ["the push of offer was given up after 5 attempts: 503"])
  })
})

describe("exact", () => {
  it("sees a request that waits although all who were asked said no", () => {
    const { commit, complaints } = history(exact)
    commit(put.payment(payment({ status: "confirmed", confirmed_at: startMs })))
    commit(put.session(session()))
    commit((tables) => {
      put.offer(offer())(tables)
      put.event(event(1, {
        _tag: "OffersSent",
        at: startMs,
        wave: 1,
        offers: [{ ...offer(), mitra_name: "Ayu" }],
        next_wave_at: startMs + 3_000
      }))(tables)
      put.session(session({ status: "pending_acceptance", next_wave_at: startMs + 3_000, last_seq: 1 }))(
        tables
      )
    })
    complaints.splice(0)
    commit(put.offer(offer({ status: "declined", ending: "declined" })))
    assert.include(complaints, "nobody is left who was asked, and the next look waits")
  })
})
