// The rule "exact": fed with chats whose instants are a millisecond wrong, it must complain.
import { assert, describe, it } from "@effect/vitest"
import { exact } from "../../../simulator/checkers/oracle/exact.ts"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import { history, startMs } from "./history.ts"
import { active, all, event, offer, payment, put, session } from "./rows.ts"

const paid = put.payment(payment({ status: "confirmed", confirmed_at: startMs, topic: "regular" } as never))
const offered: SessionEvent = {
  _tag: "OffersSent",
  at: startMs,
  wave: 1,
  offers: [{ ...offer(), mitra_name: "Ayu" }],
  next_wave_at: startMs + 3_000
}
const paired = (change: Partial<Extract<SessionEvent, { _tag: "Paired" }>> = {}): SessionEvent => ({
  _tag: "Paired",
  at: startMs + 1_000,
  mitra_id: "ayu",
  mitra_name: "Ayu",
  ends_at: startMs + 301_000,
  ...change
})
const closing = (at: number): SessionEvent => ({
  _tag: "ClosingStarted",
  at,
  reason: "time_up",
  closing_ends_at: at + 300_000
})
const warning = (remaining_seconds: number): SessionEvent => ({
  _tag: "WarningGiven",
  at: startMs + 301_000 - remaining_seconds * 1000,
  remaining_seconds
})

/** A request that was asked about and accepted a second later. */
const begun = (accepted: SessionEvent = paired()) => {
  const recorded = history(exact)
  recorded.commit(all(paid, put.session(session({ deadline_at: startMs }))))
  recorded.commit(all(
    put.session(
      session({
        status: "pending_acceptance",
        last_seq: 1,
        next_wave_at: startMs + 3_000,
        deadline_at: startMs + 3_000
      })
    ),
    put.event(event(1, offered)),
    put.offer(offer())
  ))
  recorded.passes(1_000)
  recorded.commit(all(
    put.session(active({
      last_seq: 2,
      next_wave_at: null,
      started_at: startMs + 1_000,
      ends_at: startMs + 301_000,
      deadline_at: startMs + 121_000
    })),
    put.event(event(2, accepted))
  ))
  return recorded
}

const ending = (at: number) =>
  put.session(active({
    status: "closing",
    last_seq: 5,
    started_at: startMs + 1_000,
    ends_at: null,
    closing_ends_at: at + 300_000,
    end_reason: "time_up",
    deadline_at: at + 300_000
  }))

describe("exact", () => {
  it("lets a chat pass that keeps every instant", () => {
    const recorded = begun()
    recorded.passes(300_000)
    const at = startMs + 301_000
    recorded.commit(all(
      ending(at),
      put.event(event(3, warning(180))),
      put.event(event(4, warning(60))),
      put.event(event(5, closing(at)))
    ))
    const late = /written down \d+ ms late/
    assert.deepStrictEqual(recorded.complaints.filter((text) => !late.test(text)), [])
  })

  it("sees an end, an offer and a grace that are a millisecond off", () => {
    const wrongEnd = begun(paired({ ends_at: startMs + 301_001 })).complaints
    assert.include(wrongEnd.join("\n"), "the paid time ends at another instant")
    const recorded = begun()
    recorded.passes(301_000)
    const at = startMs + 301_001
    recorded.commit(all(
      ending(at),
      put.event(event(3, warning(180))),
      put.event(event(4, warning(60))),
      put.event(event(5, closing(at)))
    ))
    assert.include(recorded.complaints.join("\n"), "the time was up 1 ms beside its end")
  })

  it("sees a warning that nobody was given, and one that came too early", () => {
    const recorded = begun()
    recorded.passes(300_000)
    const at = startMs + 301_000
    recorded.commit(all(ending(at), put.event(event(3, warning(180))), put.event(event(4, closing(at)))))
    assert.include(recorded.complaints.join("\n"), "nobody was warned 60 s before the end")
    const early = begun()
    const warned = { ...warning(180), at: startMs + 120_999 } as SessionEvent
    early.passes(119_999)
    early.commit(put.event(event(3, warned)))
    early.commit(put.session(active({ last_seq: 3, ends_at: startMs + 301_000 })))
    assert.include(early.complaints.join("\n"), "a warning came -1 ms beside its time")
  })

  it("sees a deadline in the row that is not the next thing to happen", () => {
    const recorded = history(exact)
    recorded.commit(all(paid, put.session(session({ deadline_at: startMs + 60_001 }))))
    assert.include(recorded.complaints.join("\n"), "deadline_at is")
  })

  it("sees a request that looks longer than staff allow", () => {
    const recorded = history(exact)
    recorded.commit(all(paid, put.session(session({ search_ends_at: startMs + 61_000 }))))
    assert.include(recorded.complaints.join("\n"), "a request looks for 61000 ms")
  })
})
