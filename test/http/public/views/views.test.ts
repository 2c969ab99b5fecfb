// What phones see of events and sessions: every domain event has its fact or is deliberately unseen,
// and no view shows more of the other side than it may.
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { SessionFact } from "../../../../src/contract/public/events.ts"
import { instant } from "../../../../src/contract/fields.ts"
import { OfferView, SessionView } from "../../../../src/contract/views.ts"
import { isSequenced, type SessionEvent } from "../../../../src/domain/session/events.ts"
import { evolveAll } from "../../../../src/domain/session/evolve.ts"
import { openRequest } from "../../../../src/domain/session/open.ts"
import { offeredRequest } from "../../../../src/domain/session/offered-request.ts"
import type { Offer, SessionState } from "../../../../src/domain/session/state.ts"
import { defaultSettings } from "../../../../src/domain/settings.ts"
import { offerView } from "../../../../src/http/public/views/offer-view.ts"
import { sessionFact } from "../../../../src/http/public/views/session-fact.ts"
import { sessionView } from "../../../../src/http/public/views/session-view.ts"
import { customerId, idOf, mitraId, t0 } from "../../../../testkit/conformance/given.ts"

const sessionId = idOf(0x51)
const paymentId = idOf(0x21)
const at = t0

const offer: Offer = {
  mitra_id: mitraId,
  mitra_name: "Ayu",
  status: "pending",
  ending: null,
  wave: 1,
  sent_at: t0,
  deadline_at: t0 + 60_000,
  responded_at: null,
  sessions_at_offer: 0
}

const message = {
  message_id: idOf(0x31),
  client_message_id: "message-1",
  side: "customer",
  body: "Halo"
} as const

type Facts = {
  readonly [Tag in SessionEvent["_tag"]]: readonly [Extract<SessionEvent, { _tag: Tag }>, SessionFact | null]
}

const facts: Facts = {
  OffersSent: [
    { _tag: "OffersSent", at, wave: 2, offers: [offer, { ...offer, mitra_id: idOf(2) }], next_wave_at: null },
    { kind: "offers_sent", asked: 2, wave: 2 }
  ],
  Paired: [
    { _tag: "Paired", at, mitra_id: mitraId, mitra_name: "Ayu", ends_at: t0 + 300_000 },
    { kind: "paired", mitra_id: mitraId, mitra_name: "Ayu", ends_at: instant(t0 + 300_000) }
  ],
  Rerouted: [
    {
      _tag: "Rerouted",
      at,
      from_mitra_id: idOf(2),
      mitra_id: mitraId,
      mitra_name: "Ayu",
      ends_at: t0 + 300_000,
      staff_id: idOf(3),
      reason: "asked for it"
    },
    {
      kind: "rerouted",
      from_mitra_id: idOf(2),
      mitra_id: mitraId,
      mitra_name: "Ayu",
      ends_at: instant(t0 + 300_000)
    }
  ],
  MitraWentAway: [{ _tag: "MitraWentAway", at, cause: "mitra_offline", since: at }, null],
  MitraCameBack: [{ _tag: "MitraCameBack", at }, null],
  RequestCancelled: [{ _tag: "RequestCancelled", at, by: "staff" }, {
    kind: "request_cancelled",
    by: "staff"
  }],
  RequestExpired: [
    { _tag: "RequestExpired", at, cause: "all_declined" },
    { kind: "pairing_failed", cause: "all_declined", is_terminal: false }
  ],
  MessageSent: [
    { _tag: "MessageSent", at, sender_id: customerId, ...message },
    { kind: "message", message: { ...message, session_id: sessionId, seq: 7, sent_at: instant(t0) } }
  ],
  WarningGiven: [{ _tag: "WarningGiven", at, remaining_seconds: 180 }, {
    kind: "warning",
    remaining_seconds: 180
  }],
  TopicChanged: [{ _tag: "TopicChanged", at, topic: "sensitive", by: mitraId }, {
    kind: "topic_changed",
    topic: "sensitive"
  }],
  ExtensionRequested: [
    {
      _tag: "ExtensionRequested",
      at,
      payment_id: paymentId,
      amount_idr: 1,
      purchased_ms: 300_000,
      deadline_at: t0 + 10_000
    },
    { kind: "extension_requested", duration_seconds: 300, deadline_at: instant(t0 + 10_000) }
  ],
  SessionResumed: [
    {
      _tag: "SessionResumed",
      at,
      by: "mitra",
      payment_id: paymentId,
      amount_idr: 1,
      purchased_ms: 300_000,
      ends_at: t0 + 600_000
    },
    { kind: "session_resumed", by: "mitra", added_seconds: 300, ends_at: instant(t0 + 600_000) }
  ],
  ClosingStarted: [
    { _tag: "ClosingStarted", at, reason: "time_up", closing_ends_at: t0 + 1 },
    { kind: "closing", reason: "time_up", closing_ends_at: instant(t0 + 1) }
  ],
  GoodbyeLeft: [{ _tag: "GoodbyeLeft", at, side: "mitra", text: "Dadah" }, {
    kind: "goodbye",
    side: "mitra",
    text: "Dadah"
  }],
  SessionCompleted: [
    { _tag: "SessionCompleted", at, reason: "grace_over", ended_by: "clock" },
    { kind: "completed", reason: "grace_over", ended_by: "clock" }
  ],
  SearchedInVain: [{ _tag: "SearchedInVain", at, next_wave_at: null }, null],
  OfferDeclined: [{ _tag: "OfferDeclined", at, mitra_id: mitraId }, null],
  OfferWithdrawn: [{ _tag: "OfferWithdrawn", at, mitra_id: mitraId }, null],
  OffersLapsed: [{ _tag: "OffersLapsed", at, mitra_ids: [mitraId] }, null],
  ReceiptMoved: [{ _tag: "ReceiptMoved", at, side: "mitra", delivered_seq: 1, read_seq: 1 }, null]
}

const opened = openRequest(
  {
    id: sessionId,
    customer_id: customerId,
    customer_name: "Sari",
    payment_id: paymentId,
    amount_idr: 10_000,
    kind: "blast",
    target_mitra_id: null,
    mode: "chat",
    topic: "regular",
    language: null,
    purchased_ms: 300_000
  },
  defaultSettings,
  t0
)

const after = (...tags: ReadonlyArray<keyof Facts>): SessionState =>
  evolveAll(opened, tags.map((tag) => facts[tag][0]))

describe("a session's event", () => {
  for (const [tag, [event, fact]] of Object.entries(facts) as ReadonlyArray<[string, Facts[keyof Facts]]>) {
    it(`${tag} is shown as ${fact === null ? "nothing" : fact.kind}`, () => {
      assert.deepStrictEqual(sessionFact(sessionId, 7, event), fact)
      // What is numbered is shown, and what is shown is numbered: else phones would see gaps.
      assert.strictEqual(fact !== null, isSequenced(event))
      if (fact !== null) Schema.encodeSync(SessionFact)(fact)
    })
  }
})

describe("a session view", () => {
  it("counts the time that remains only while the clock may run", () => {
    const seen = { side: "customer", unread: 2, now: t0 + 100_000 } as const
    assert.strictEqual(sessionView(opened, seen).remaining_ms, null)
    const active = sessionView(after("OffersSent", "Paired"), seen)
    assert.deepInclude(active, {
      status: "active",
      remaining_ms: 200_000,
      unread: 2,
      duration_seconds: 300,
      last_seq: 2
    })
    assert.strictEqual(sessionView(after("OffersSent", "Paired", "ClosingStarted"), seen).remaining_ms, null)
    Schema.encodeSync(SessionView)(active)
  })

  it("shows the pending extension with the time left to answer, and the time that stands still", () => {
    const state = after("OffersSent", "Paired", "ExtensionRequested")
    const seen = { side: "mitra", unread: 0, now: t0 + 4000 } as const
    const view = sessionView(state, seen)
    assert.deepInclude(view, { status: "extending", ends_at: null, remaining_ms: 300_000 })
    assert.deepStrictEqual(view.extension, {
      extension_seq: 3,
      duration_seconds: 300,
      requested_at: instant(t0),
      deadline_at: instant(t0 + 10_000),
      remaining_ms: 6000
    })
    Schema.encodeSync(SessionView)(view)
    assert.isNull(sessionView(after("OffersSent", "Paired"), seen).extension)
  })

  it("shows the payment to the customer and never to the mitra", () => {
    const state = after("OffersSent", "Paired")
    assert.strictEqual(sessionView(state, { side: "customer", unread: 0, now: t0 }).payment_id, paymentId)
    const hers = JSON.stringify(sessionView(state, { side: "mitra", unread: 0, now: t0 }))
    for (const secret of [paymentId, customerId, "10000"]) assert.notInclude(hers, secret)
  })
})

describe("an offer view", () => {
  it("tells the time left while it is open, and the winner's time only to those it was taken from", () => {
    const open = offeredRequest(after("OffersSent"), mitraId) ?? assert.fail("no offer")
    assert.deepInclude(offerView(open, t0 + 20_000), {
      remaining_ms: 40_000,
      winner_at: null,
      status: "pending"
    })
    assert.strictEqual(offerView(open, t0 + 90_000).remaining_ms, 0)
    const lost = offeredRequest(after("OffersSent", "Paired"), idOf(2)) ?? assert.fail("no offer")
    assert.deepInclude(offerView(lost, t0), { ending: "taken", winner_at: instant(t0), remaining_ms: 0 })
    const won = offeredRequest(after("OffersSent", "Paired"), mitraId) ?? assert.fail("no offer")
    assert.deepInclude(offerView(won, t0), { status: "accepted", ending: null, winner_at: null })
    assert.isNull(offeredRequest(after("OffersSent"), idOf(9)))
    Schema.encodeSync(OfferView)(offerView(open, t0))
  })
})
