// What one phone has been given of its chats and offers, told without a socket: when the clock is said again,
// whose chat it is after it changed hands, and which announcement is too old to be shown.
import { assert, describe, it } from "@effect/vitest"
import type { SessionEvent } from "../../../../src/domain/session/events.ts"
import { KnownOffers } from "../../../../src/http/public/events/known-offers.ts"
import { KnownSessions } from "../../../../src/http/public/events/known-sessions.ts"
import { onOffer } from "../../../../src/http/public/events/offer-events.ts"

const handedOver = (from_mitra_id: string, mitra_id: string): SessionEvent => ({
  _tag: "Rerouted",
  at: 0,
  from_mitra_id,
  mitra_id,
  mitra_name: mitra_id,
  ends_at: 1_000_000,
  staff_id: "staff",
  reason: "ill"
})

describe("a chat that changes hands", () => {
  it("is over for the mitra who gives it away, and open again when it comes back to her", () => {
    const known = new KnownSessions("ayu")
    known.heard("chat", 5, handedOver("ayu", "bunga"), 1_000)
    assert.isTrue(known.isOver("chat"))
    assert.isNull(known.nextTickAt())
    known.heard("chat", 9, handedOver("bunga", "ayu"), 2_000)
    assert.isFalse(known.isOver("chat"))
    assert.strictEqual(known.nextTickAt(), 62_000)
  })

  it("counts the minute to the next tick anew for its customer", () => {
    const known = new KnownSessions("sari")
    known.heard("chat", 1, { _tag: "Paired", at: 0, mitra_id: "ayu", mitra_name: "", ends_at: 1_000_000 }, 0)
    known.heard("chat", 2, handedOver("ayu", "bunga"), 30_000)
    assert.strictEqual(known.nextTickAt(), 90_000)
  })
})

describe("an offer", () => {
  it("that ends at this very instant is not shown on its announcement: the rows are asked", () => {
    const feed = { offers: new KnownOffers([]), inbox: [], ready: [] as Array<unknown> }
    const offer = { session_id: "chat", offer: { sent_at: 9_000, deadline_at: 10_000 } }
    const changed = { _tag: "OfferChanged", session_id: "chat", ending: null, winner_at: null, offer }
    assert.isNotNull(onOffer(feed as never, changed as never, 10_000))
    assert.deepStrictEqual(feed.ready, [])
  })
})
