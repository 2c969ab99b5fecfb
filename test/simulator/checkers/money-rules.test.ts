// Rules about time and money: fed with broken histories, each must complain.
import { assert, describe, it } from "@effect/vitest"
import type { ChatSessionRow } from "../../../testkit/memory/store/tables.ts"
import { ledger } from "../../../simulator/checkers/rules/ledger.ts"
import { money } from "../../../simulator/checkers/rules/money.ts"
import { paidRequests } from "../../../simulator/checkers/rules/paid-requests.ts"
import { history, startMs } from "./history.ts"
import { active, all, chatMs, event, payment, put, session, transaction } from "./rows.ts"

const minute = 60_000
const served = (from: number, to: number, reason = "paired") => ({
  state: "served" as const,
  reason,
  from: startMs + from,
  to: startMs + to,
  charged_ms: to - from
})
const paused = (from: number, to: number) => ({
  ...served(from, to, "extension_requested"),
  state: "paused" as const,
  charged_ms: 0
})
type Entries = ChatSessionRow["ledger"]["entries"]
const closing = (entries: Entries, purchased_ms = chatMs) =>
  active({ status: "closing", ends_at: null, ledger: { purchased_ms, entries, open: null } })

const pairedAt = (at: number) =>
  put.event(event(2, {
    _tag: "Paired",
    at: startMs + at,
    mitra_id: "ayu",
    mitra_name: "Ayu",
    ends_at: startMs + at + chatMs
  }))
const closingAt = (at: number) =>
  put.event(event(9, {
    _tag: "ClosingStarted",
    at: startMs + at,
    reason: "time_up",
    closing_ends_at: startMs + at + minute
  }))
const paid = all(
  put.payment(payment({ status: "consumed", confirmed_at: startMs })),
  put.transaction(transaction())
)

describe("ledger", () => {
  it("is content with a chat that runs its time, pause included", () => {
    const recorded = history(ledger)
    recorded.commit(all(paid, pairedAt(0), put.session(active())))
    const requested = event(5, {
      _tag: "ExtensionRequested",
      at: startMs + minute,
      payment_id: "more",
      amount_idr: 1,
      purchased_ms: 1,
      deadline_at: startMs + 70_000
    })
    const pausing = {
      purchased_ms: chatMs,
      entries: [served(0, minute)],
      open: { state: "paused" as const, reason: "extension_requested", from: startMs + minute }
    }
    recorded.commit(
      all(put.event(requested), put.session(active({ status: "extending", ends_at: null, ledger: pausing })))
    )
    const entries = [
      served(0, minute),
      paused(minute, 70_000),
      {
        state: "forfeited" as const,
        reason: "extension_timeout",
        from: startMs + 70_000,
        to: startMs + 70_000,
        charged_ms: 4 * minute
      }
    ]
    recorded.commit(all(closingAt(70_000), put.session(closing(entries))))
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
  })

  const flawed: ReadonlyArray<readonly [string, Entries, RegExp]> = [
    [
      "a pause that was charged",
      [{ ...paused(0, minute), charged_ms: minute }, served(minute, 5 * minute)],
      /a pause was charged 60000 ms/
    ],
    [
      "served time that was charged otherwise",
      [{ ...served(0, 5 * minute), charged_ms: minute }],
      /served 300000 ms, charged 60000/
    ],
    [
      "a second that nobody accounts for",
      [served(0, minute), served(minute + 1000, 5 * minute + 1000)],
      /between .* no entry, or two/
    ],
    [
      "a second that is counted twice",
      [served(0, minute), served(minute - 1000, 5 * minute - 1000)],
      /between .* no entry, or two/
    ],
    [
      "an entry that runs backwards",
      [{ ...served(0, 5 * minute), to: startMs - 1 }],
      /an entry runs backwards/
    ],
    ["an entry without a reason", [served(0, 5 * minute, "")], /an entry has no reason/],
    ["more charged than was paid for", [served(0, 6 * minute)], /360000 ms charged of 300000 paid/],
    ["less charged than was paid for", [served(0, 4 * minute)], /240000 ms charged of 300000 paid/]
  ]
  for (const [what, entries, complaint] of flawed) {
    it(`sees ${what}`, () => {
      const recorded = history(ledger)
      recorded.commit(put.session(closing(entries)))
      assert.lengthOf(recorded.complaints, 1)
      assert.match(recorded.complaints[0] ?? "", complaint)
    })
  }

  it("sees a clock that stands in a chat, runs while an extension waits, or ends elsewhere", () => {
    const recorded = history(ledger)
    const open = { state: "paused" as const, reason: "x", from: startMs }
    recorded.commit(put.session(active({ ledger: { purchased_ms: chatMs, entries: [], open } })))
    recorded.commit(put.session(active({ status: "extending" })))
    recorded.commit(put.session(active({ id: "two", ends_at: startMs })))
    recorded.commit(put.session(active({ id: "three", status: "closing" })))
    recorded.commit(put.session(session({ id: "four", ledger: closing([served(0, minute)]).ledger })))
    assert.deepStrictEqual(recorded.complaints, [
      "the chat is active but its clock does not run",
      "the chat waits for an extension but its clock runs",
      "the end is not where the ledger ends",
      "the chat is over but an entry still runs",
      "time was counted before anybody was paired"
    ])
  })

  it("sees a ledger that differs from the events, and time that nobody bought", () => {
    const recorded = history(ledger)
    recorded.commit(all(pairedAt(0), put.session(active())))
    recorded.commit(all(closingAt(2 * minute), put.session(closing([served(0, 5 * minute)]))))
    const longer = { ...active().ledger, purchased_ms: 2 * chatMs }
    recorded.commit(all(paid, put.session(active({ ledger: longer, ends_at: startMs + 2 * chatMs }))))
    assert.deepStrictEqual(recorded.complaints, [
      "120000 ms served by the events, 300000 by the ledger",
      "paid for 300000 ms, the ledger has 600000"
    ])
  })

  it("sees at the end an event log whose clock still runs", () => {
    const recorded = history(ledger)
    recorded.commit(all(pairedAt(0), put.session(active())))
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, ["the event log ends while time is still served"])
  })
})

describe("money", () => {
  const confirmed = payment({ status: "confirmed", confirmed_at: startMs })

  it("is content with money that is taken, confirmed and charged once", () => {
    const recorded = history(money)
    recorded.taken.set("payment", { amount_idr: 15_000, at_ms: startMs })
    recorded.commit(put.payment(payment()))
    recorded.commit(put.payment(payment({ status: "expired" })))
    recorded.commit(put.payment(confirmed))
    recorded.commit(paid)
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees a confirmation without money, or for another amount", () => {
    const recorded = history(money)
    recorded.taken.set("two", { amount_idr: 1, at_ms: startMs })
    recorded.commit(put.payment(confirmed))
    recorded.commit(put.payment({ ...confirmed, id: "two" }))
    assert.deepStrictEqual(recorded.complaints, [
      "a payment of 15000 is confirmed; the provider took 0",
      "a payment of 15000 is confirmed; the provider took 1"
    ])
  })

  it("sees money that comes again, and a payment that comes back from its end", () => {
    const recorded = history(money)
    recorded.taken.set("payment", { amount_idr: 15_000, at_ms: startMs })
    recorded.commit(put.payment(confirmed))
    recorded.commit(paid)
    recorded.commit(put.payment({ ...confirmed, confirmed_at: startMs + 5 }))
    assert.deepStrictEqual(recorded.complaints, [
      "a payment that was consumed is confirmed",
      "money that came once came again",
      "a payment is confirmed and charged"
    ])
  })

  it("sees a payment charged twice, for another amount, or without a transaction", () => {
    const recorded = history(money)
    for (const id of ["payment", "two"]) recorded.taken.set(id, { amount_idr: 15_000, at_ms: startMs })
    recorded.commit(all(paid, put.transaction(transaction({ id: "again" }))))
    recorded.commit(put.transaction(transaction({ amount_idr: 1 })))
    recorded.commit(put.payment(payment({ id: "two", status: "consumed", confirmed_at: startMs })))
    assert.deepStrictEqual(recorded.complaints, [
      "a payment was charged twice",
      "a transaction was changed",
      "a payment is consumed and not charged"
    ])
  })

  it("sees terms that change after the order", () => {
    const recorded = history(money)
    recorded.commit(put.payment(payment()))
    recorded.commit(put.payment(payment({ amount_idr: 1 })))
    assert.deepStrictEqual(recorded.complaints, ["the terms of a payment changed after it was ordered"])
  })
})

describe("paid requests", () => {
  const confirmed = payment({ status: "confirmed", confirmed_at: startMs })

  it("is content when a payment leads to a session, to a failure on record, or was never paid", () => {
    const recorded = history(paidRequests)
    recorded.taken.set("payment", { amount_idr: 15_000, at_ms: startMs })
    recorded.commit(put.payment(confirmed))
    recorded.commit(put.session(session()))
    recorded.commit(put.payment({ ...confirmed, id: "two", failure_cause: "ALREADY_ACTIVE" }))
    recorded.commit(put.payment(payment({ id: "three", expires_at: startMs + minute })))
    recorded.commit(put.payment(payment({ id: "three", status: "expired" })))
    recorded.passes(10 * minute)
    recorded.commit(paid)
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [])
  })

  it("sees a confirmed payment that leads nowhere, and one that stays open for ever", () => {
    const recorded = history(paidRequests)
    recorded.commit(put.payment(confirmed))
    recorded.commit(put.payment(payment({ id: "two", expires_at: startMs + minute })))
    recorded.passes(5 * minute)
    assert.deepStrictEqual(recorded.complaints, [
      "a confirmed payment leads nowhere, and nobody is told",
      "a payment that nobody paid is still open"
    ])
  })

  it("sees at the end money that was taken and led to nothing", () => {
    const recorded = history(paidRequests)
    recorded.taken.set("payment", { amount_idr: 15_000, at_ms: startMs })
    recorded.commit(put.payment(payment({ status: "expired" })))
    recorded.ends()
    assert.deepStrictEqual(recorded.complaints, [
      "15000 IDR were taken for a payment that is expired in the end"
    ])
  })
})
