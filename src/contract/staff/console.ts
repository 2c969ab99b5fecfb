// The calls a page that somebody looks at needs: who I am, lists with filters, one customer, what happened
// to a session, the state of the service, and one stream that says what changed. Reads only.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { sessionStatuses, sides, topics } from "../../domain/session/state.ts"
import { roles } from "../../domain/staff.ts"
import { CallError } from "../errors.ts"
import { Id, Instant, PageLimit, Seq, shortText } from "../fields.ts"
import { SessionView } from "../views.ts"
import { ReviewedPaymentView } from "./payments.ts"
import { PushOutboxView } from "./pushes.ts"
import { RunnersView } from "./runners.ts"
import { AuditEntryView, HoldView, MirrorHealth } from "./staff-views.ts"

const Nullable = Schema.NullOr
const Count = Schema.Int
const Cursor = shortText(200)

export const MeView = Schema.Struct({
  staff_id: Id,
  email: Schema.String,
  role: Schema.Literals(roles),
  permissions: Schema.Array(Schema.Struct({ resource: Schema.String, action: Schema.String })),
  /** The zone staff read times in. */
  time_zone: Schema.String,
  /** A tester holds the product's time. */
  is_clock_held: Schema.Boolean,
  takes_faults: Schema.Boolean,
  server_now: Instant
})

export const LiveSessionView = Schema.Struct({
  session_id: Id,
  status: Schema.Literals(sessionStatuses),
  kind: Schema.Literals(["blast", "targeted"]),
  mode: Schema.Literals(["chat", "call"]),
  topic: Schema.Literals(topics),
  customer_id: Id,
  customer_name: Schema.String,
  mitra_id: Nullable(Id),
  mitra_name: Nullable(Schema.String),
  requested_at: Instant,
  started_at: Nullable(Instant),
  /** Null while the paid time stands still, or has not begun. */
  ends_at: Nullable(Instant),
  deadline_at: Instant,
  purchased_ms: Schema.Int,
  owner_runner: Nullable(Schema.String),
  owner_epoch: Count,
  is_without_mitra: Schema.Boolean,
  unread_customer: Count,
  unread_mitra: Count,
  offers: Count,
  offers_open: Count
})
export type LiveSessionView = typeof LiveSessionView.Type

export const QueuedView = Schema.Struct({
  position: Count,
  session: LiveSessionView,
  waited_ms: Schema.Int,
  /** By the chats that run now; null when that says nothing. */
  estimated_wait_seconds: Nullable(Schema.Int)
})

export const MitraLineView = Schema.Struct({
  mitra_id: Id,
  display_name: Schema.String,
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  is_draining: Schema.Boolean,
  hold: HoldView,
  connected: Nullable(Schema.Boolean),
  push_reachable: Schema.Boolean,
  online_since: Nullable(Instant),
  last_heartbeat_at: Nullable(Instant),
  sessions: Count,
  slots: Count,
  open_offers: Count,
  owner_runner: Nullable(Schema.String)
})
export type MitraLineView = typeof MitraLineView.Type

export const CustomerLineView = Schema.Struct({
  customer_id: Id,
  call_name: Schema.String,
  /** The middle is hidden; null for an anonymous customer. */
  phone_masked: Nullable(Schema.String),
  created_at: Instant
})

export const CustomerView = Schema.Struct({
  ...CustomerLineView.fields,
  belongs_to: Nullable(Id),
  live_sessions: Schema.Array(SessionView)
})

export const TimelineView = Schema.Struct({
  seq: Seq,
  at: Instant,
  type: Schema.String,
  side: Nullable(Schema.Literals(sides)),
  detail: Schema.Json
})

export const CountsView = Schema.Struct({
  online: Count,
  available: Count,
  waiting: Count,
  active: Count,
  closing: Count
})
export type CountsView = typeof CountsView.Type

export const AlertsView = Schema.Struct({
  stuck: Count,
  proposals: Count,
  failed_pairings: Count,
  anomalies: Count,
  dead_letters: Count,
  /** Mitras of whom Valkey says something else than Postgres; looked at every half minute. */
  mirror_drift: Count
})
export type AlertsView = typeof AlertsView.Type

const HistogramView = Nullable(Schema.Struct({
  count: Schema.Finite,
  mean: Schema.Finite,
  max: Schema.Finite
}))

export const HealthView = Schema.Struct({
  server_now: Instant,
  runners: RunnersView,
  /** Of this runner, to the rows and back; null when they did not answer. */
  postgres: Schema.Struct({ answers: Schema.Boolean, latency_ms: Nullable(Schema.Number) }),
  mirror: MirrorHealth,
  bus: Schema.Struct({ connected_since: Nullable(Instant), dropped: Count }),
  push: PushOutboxView,
  /** The newest pass of each sweep that ran on this runner. */
  sweeps: Schema.Array(Schema.Struct({
    sweep: Schema.String,
    at: Instant,
    took_ms: Schema.Number,
    /** Null: the pass failed. */
    did: Nullable(Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.String])))
  })),
  /** Of this runner since its start: turns per group, a group's time, how long a turn waited. */
  journal: Schema.Struct({
    group_turns: HistogramView,
    group_ms: HistogramView,
    turn_wait_ms: HistogramView
  }),
  /** Of this runner's actors: calls in all mailboxes now, and in one as a call arrived, itself included. */
  mailboxes: Schema.Struct({ calls: Count, depth: HistogramView }),
  /** Pages that watch this runner. */
  watchers: Count
})

/** Where a page is in what it was told; a page that lost its stream asks from there. */
export const WatchCursor = Schema.Struct({ hub: shortText(80), version: Seq })

export const WatchBatch = Schema.Struct({
  cursor: WatchCursor,
  /** Forget every session you have: this is told from the beginning. */
  is_reset: Schema.Boolean,
  /** False: more of the same follows at once. */
  is_complete: Schema.Boolean,
  /** False: the rows could not be read just now, and this may be old. */
  is_fresh: Schema.Boolean,
  server_now: Instant,
  /** Seconds of the product per real second: 1, or what a tester made of it. */
  rate: Schema.Finite,
  sessions: Schema.Array(LiveSessionView),
  removed: Schema.Array(Id),
  counts: CountsView,
  alerts: AlertsView,
  /** Oldest first; all of the last hour after a reset, else what is new. */
  history: Schema.Array(Schema.Struct({ at: Instant, ...CountsView.fields }))
})
export type WatchBatch = typeof WatchBatch.Type

const lists = RpcGroup.make(
  /** Oldest request first. */
  Rpc.make("admin.live_sessions", {
    payload: {
      filter: Schema.Literals(["all", "waiting", "running", "closing"]),
      mitra_id: Nullable(Id),
      after: Nullable(Cursor),
      limit: PageLimit
    },
    success: Schema.Struct({ sessions: Schema.Array(LiveSessionView), next: Nullable(Schema.String) }),
    error: CallError
  }),
  Rpc.make("admin.queue", {
    payload: { limit: PageLimit },
    success: Schema.Struct({ queue: Schema.Array(QueuedView) }),
    error: CallError
  }),
  /** `search`: a part of a name, a whole id, or a whole phone. */
  Rpc.make("admin.mitras", {
    payload: {
      search: Nullable(shortText(64)),
      filter: Schema.Literals(["all", "online", "draining", "offline", "inactive"]),
      after: Nullable(Cursor),
      limit: PageLimit
    },
    success: Schema.Struct({ mitras: Schema.Array(MitraLineView), next: Nullable(Schema.String) }),
    error: CallError
  }),
  /** By id, or by a whole phone. */
  Rpc.make("admin.customer", { payload: { find: shortText(64) }, success: CustomerView, error: CallError }),
  /** By the beginning of the call name; of capitals, A to Z count as their small letters. */
  Rpc.make("admin.customers", {
    payload: { search: shortText(64), limit: PageLimit },
    success: Schema.Struct({ customers: Schema.Array(CustomerLineView) }),
    error: CallError
  }),
  Rpc.make("admin.customer_payments", {
    payload: { customer_id: Id, limit: PageLimit },
    success: Schema.Struct({ payments: Schema.Array(ReviewedPaymentView) }),
    error: CallError
  }),
  Rpc.make("admin.session_timeline", {
    payload: { session_id: Id },
    success: Schema.Struct({ entries: Schema.Array(TimelineView) }),
    error: CallError
  }),
  Rpc.make("admin.audit_search", {
    payload: {
      staff_id: Nullable(Id),
      /** The beginning of an action, like "mitra.". */
      action: Nullable(shortText(60)),
      target_type: Nullable(shortText(60)),
      target_id: Nullable(shortText(120)),
      before: Nullable(Id),
      limit: PageLimit
    },
    success: Schema.Struct({ entries: Schema.Array(AuditEntryView) }),
    error: CallError
  })
)

export const AdminConsoleRpcs = lists.add(
  Rpc.make("admin.me", { payload: {}, success: MeView, error: CallError }),
  Rpc.make("admin.health", { payload: {}, success: HealthView, error: CallError }),
  /** What is alive, the counts and what needs somebody, as they change: at most two batches a second. */
  Rpc.make("admin.watch", {
    payload: { cursor: Nullable(WatchCursor) },
    success: WatchBatch,
    error: CallError,
    stream: true
  })
)
