// What servers ask of a database while people chat, by port and name: run on a grown database to see what
// each reads. What reads much says why.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Oversight } from "../../src/services/oversight/oversight.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { PersonalData } from "../../src/services/personal-data/personal-data.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import type { StorePorts } from "../../src/services/ports.ts"

/** Somebody in the middle of it all: a past chat, a live one, and who took part in them. */
export interface Sample {
  readonly now: number
  readonly past: string
  readonly live: string
  readonly customer: string
  readonly mitra: string
  readonly payment: string
  /** A sign-in, and whose it is. */
  readonly sign_in: string
  readonly signed_in: string
}

export const sampleOf = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<Sample>`
    SELECT (extract(epoch FROM now()) * 1000)::float8 AS now, p.id AS past, l.id AS live,
      l.customer AS customer, l.mitra, l.payment, a.id AS sign_in, a.user_id AS signed_in
    FROM (SELECT * FROM made_chats WHERE is_live ORDER BY n LIMIT 1) l,
      (SELECT * FROM made_chats WHERE n > (SELECT count(*) / 2 FROM made_chats) ORDER BY n LIMIT 1) p,
      (SELECT id, user_id FROM auth_sessions ORDER BY id OFFSET (SELECT count(*) / 2 FROM auth_sessions)
        LIMIT 1) a`
  return row!
})

export interface HotCall {
  readonly name: string
  readonly run: (sample: Sample) => Effect.Effect<unknown, unknown, StorePorts | SqlClient.SqlClient>
  /** Rows it may read, for a call of this kind that finds a page or one thing: 500 unless said. */
  readonly rows_max?: number
}

const page = { before: null, limit: 20 }
const day = 86_400_000

const signIns: ReadonlyArray<HotCall> = [
  {
    name: "a token is checked",
    run: (at) => SignIns.use((to) => to.isLive(at.sign_in, { user_type: "customer", user_id: at.signed_in }))
  },
  {
    name: "a token of an exchange is checked",
    run: (at) => SignIns.use((to) => to.isLive(at.sign_in, undefined, { id: at.sign_in, at: at.now }))
  },
  {
    name: "a sign-in of a new customer",
    run: (at) =>
      SignIns.use((to) =>
        to.open({
          id: at.past,
          family_id: at.past,
          user_type: "customer",
          user_id: at.customer,
          refresh_hash: "of a new customer",
          created_at: at.now,
          expires_at: at.now + day
        }, { only_one: false })
      )
  },
  {
    name: "an exchange",
    run: (at) =>
      SignIns.use((to) =>
        to.rotate({
          refresh_hash: "hash 7",
          next: { id: at.live, refresh_hash: "its successor", expires_at: at.now + day },
          now: at.now,
          grace_ms: 60_000
        })
      )
  },
  {
    name: "sign-ins of one",
    run: (at) => SignIns.use((to) => to.listOf({ user_type: "customer", user_id: at.signed_in }, at.now))
  },
  {
    name: "phones of one",
    run: (at) => Accounts.use((to) => to.devicesOf({ user_type: "customer", user_id: at.signed_in }))
  }
]

const views: ReadonlyArray<HotCall> = [
  {
    name: "a phone's live sessions",
    run: (at) => SessionViews.use((to) => to.liveOf("customer", at.customer))
  },
  { name: "a mitra's live sessions", run: (at) => SessionViews.use((to) => to.liveOf("mitra", at.mitra)) },
  { name: "open offers", run: (at) => SessionViews.use((to) => to.openOffersOf(at.mitra, at.now)) },
  { name: "recent offers", run: (at) => SessionViews.use((to) => to.recentOffersOf(at.mitra, page)) },
  {
    name: "a customer's past",
    run: (at) => SessionViews.use((to) => to.pastOf("customer", at.customer, page))
  },
  { name: "a mitra's past", run: (at) => SessionViews.use((to) => to.pastOf("mitra", at.mitra, page)) },
  { name: "who takes part", run: (at) => SessionViews.use((to) => to.participation(at.past)) },
  {
    name: "latest messages",
    run: (at) => SessionViews.use((to) => to.messages(at.past, { before: 1e9 }, 50))
  },
  { name: "next messages", run: (at) => SessionViews.use((to) => to.messages(at.past, { after: 0 }, 50)) },
  { name: "events after", run: (at) => SessionViews.use((to) => to.eventsAfter(at.live, 3, 200)) },
  { name: "unread", run: (at) => SessionViews.use((to) => to.unread("customer", [at.live])) },
  { name: "the n-th end", run: () => SessionViews.use((to) => to.nthEnd(5)) },
  { name: "have met", run: (at) => SessionViews.use((to) => to.haveMet(at.customer, at.mitra)) }
]

const actors: ReadonlyArray<HotCall> = [
  { name: "a session wakes", run: (at) => Sessions.use((to) => to.claim(at.live, "runner")) },
  {
    name: "a message sent before",
    run: (at) => Sessions.use((to) => to.sentMessage(at.past, at.mitra, "client-2"))
  },
  { name: "sessions of payments", run: (at) => Sessions.use((to) => to.ofPayments([at.payment])) },
  { name: "sessions offered", run: (at) => Sessions.use((to) => to.pendingOfferSessionsOf(at.mitra)) },
  {
    name: "ahead in the queue",
    run: (at) => Sessions.use((to) => to.aheadOf({ id: at.live, requested_at: at.now }, at.now, 50))
  },
  { name: "a mitra wakes", run: (at) => Mitras.use((to) => to.claim(at.mitra, "runner")) },
  { name: "her online log", run: (at) => Mitras.use((to) => to.onlineLog(at.mitra, 50)) },
  {
    name: "her day",
    run: (at) => Mitras.use((to) => to.activity(at.mitra, at.now - day, at.now))
  },
  { name: "missed in a row", run: (at) => Mitras.use((to) => to.missedInARow(at.mitra, at.now - day, 10)) },
  {
    name: "a message is written",
    run: (at) =>
      SqlClient.SqlClient.use((sql) =>
        Effect.flatMap(
          sql<{ turn: string }>`SELECT json_build_array(json_build_object('n', 0, 'session_id', id, 'epoch',
              owner_epoch, 'base_seq', last_seq, 'last_seq', last_seq + 1, 'customer_delivered_seq', 1,
              'customer_read_seq', 1, 'mitra_delivered_seq', 1, 'mitra_read_seq', 1, 'message_id',
              gen_random_uuid(), 'client_message_id', 'new', 'side', 'customer', 'sender_id', customer_id,
              'body',
              'hello', 'sent_at', now()))::text AS turn FROM chat_sessions WHERE id = ${at.live}`,
          ([row]) => sql`SELECT * FROM append_turns(${[at.live]}::uuid[], ${row!.turn}::json, '[]')`
        )
      )
  }
]

const sweeps: ReadonlyArray<HotCall> = [
  { name: "due sessions", run: (at) => SessionOversight.use((to) => to.due(at.now, 200)) },
  { name: "the queue", run: (at) => SessionOversight.use((to) => to.waiting(at.now, 50)) },
  // Looks at every running chat: as many as run at once.
  {
    name: "chats without a mitra",
    run: (at) => SessionOversight.use((to) => to.withoutMitra(at.now, 50)),
    rows_max: 6000
  },
  { name: "stuck sessions", run: (at) => SessionOversight.use((to) => to.stuck(at.now, 50)) },
  { name: "drained mitras", run: () => Mitras.use((to) => to.drained(50)) },
  { name: "offers to withdraw", run: () => Mitras.use((to) => to.offersToWithdraw(50)) },
  {
    name: "who missed offers",
    run: (at) => Mitras.use((to) => to.whoMissed({ after: at.now - day, count: 3, limit: 50 }))
  },
  { name: "payments to check", run: (at) => Payments.use((to) => to.dueForCheck(at.now, 50)) },
  { name: "payments that expire", run: (at) => Payments.use((to) => to.expireStale(at.now, 50)) },
  { name: "confirmed without a session", run: () => Payments.use((to) => to.confirmedWithoutSession(50)) },
  {
    name: "pushes that are due",
    run: (at) => PushOutbox.use((to) => to.claim({ now: at.now, lease_until: at.now + 1, limit: 50 }))
  },
  { name: "texts to erase", run: (at) => PersonalData.use((to) => to.eraseTexts(100, at.now)) },
  ...(["codes", "sign_ins", "commands", "webhooks"] as const).map((kind) => ({
    name: `${kind} to purge`,
    run: (at: Sample) => PersonalData.use((to) => to.purge(kind, at.now - 700 * day, 100))
  }))
]

const staff: ReadonlyArray<HotCall> = [
  { name: "past sessions", run: () => SessionOversight.use((to) => to.past(page)) },
  // Counts what is alive.
  { name: "live counts", run: () => SessionOversight.use((to) => to.counts), rows_max: 3000 },
  { name: "first reply", run: (at) => SessionOversight.use((to) => to.firstReplyAt(at.past)) },
  { name: "topic changes", run: (at) => SessionOversight.use((to) => to.topicChanges(at.past, 50)) },
  {
    name: "live page",
    // Unread messages of each, and all live ones to be put in order.
    run: () =>
      Oversight.use((to) =>
        to.live({ statuses: ["active", "closing"], mitra_id: null, after: null, limit: 20 })
      ),
    rows_max: 12_000
  },
  { name: "fingerprints", run: () => Oversight.use((to) => to.fingerprints), rows_max: 3000 },
  { name: "next ends", run: () => Oversight.use((to) => to.nextEnds(20)) },
  { name: "timeline", run: (at) => Oversight.use((to) => to.timeline(at.past)) },
  { name: "alerts", run: (at) => Oversight.use((to) => to.alerts(at.now)), rows_max: 6000 },
  { name: "a customer's payments", run: (at) => Oversight.use((to) => to.paymentsOf(at.customer, 20)) },
  { name: "open payments of one", run: (at) => Payments.use((to) => to.openOf(at.customer)) },
  { name: "discount", run: (at) => Payments.use((to) => to.mayHaveDiscount(at.customer)) },
  { name: "payments in trouble", run: () => Payments.use((to) => to.troubled(page)) },
  { name: "open payments", run: () => Payments.use((to) => to.openForReview(page)) }
]

export const hotCalls: ReadonlyArray<HotCall> = [...signIns, ...views, ...actors, ...sweeps, ...staff]
