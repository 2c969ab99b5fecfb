// Oversight: what the control center looks at and nobody else does: lists of what is alive, of mitras, of one
// customer's payments, what happened to a session, filtered audit entries. Reads only; times are epoch ms.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import type { AuditEntry } from "../../domain/audit.ts"
import type { MitraHold } from "../../domain/mitra.ts"
import type { SessionStatus, Side, Topic } from "../../domain/session/state.ts"
import type { ReviewedPayment } from "../payments/payments.ts"
import type { Unavailable } from "../platform/unavailable.ts"

/** One live session as a line of a list. */
export interface LiveSession {
  readonly session_id: string
  readonly status: SessionStatus
  readonly kind: "blast" | "targeted"
  readonly mode: "chat" | "call"
  readonly topic: Topic
  readonly customer_id: string
  readonly customer_name: string
  readonly mitra_id: string | null
  readonly mitra_name: string | null
  readonly requested_at: number
  readonly started_at: number | null
  /** When the paid time is over; null while it stands still or has not begun. */
  readonly ends_at: number | null
  readonly deadline_at: number
  readonly purchased_ms: number
  readonly owner_runner: string | null
  readonly owner_epoch: number
  readonly is_without_mitra: boolean
  /** Messages of the other side that this side has not read. */
  readonly unread_customer: number
  readonly unread_mitra: number
  readonly offers: number
  readonly offers_open: number
}

export interface MitraLine {
  readonly mitra_id: string
  readonly display_name: string
  readonly is_active: boolean
  readonly is_online: boolean
  readonly is_draining: boolean
  readonly hold: MitraHold | null
  readonly online_since: number | null
  /** As the rows know it; a mirror may know a later one. */
  readonly last_heartbeat_at: number | null
  readonly sessions: number
  readonly open_offers: number
  readonly push_reachable: boolean
  readonly owner_runner: string | null
}

export const mitraFilters = ["all", "online", "draining", "offline", "inactive"] as const
export type MitraFilter = (typeof mitraFilters)[number]

/** One thing that happened to a session, without anybody's words. */
export interface TimelineEntry {
  readonly seq: number
  readonly at: number
  readonly type: string
  /** Who sent it, of a message. */
  readonly side: Side | null
  readonly detail: Json
}

/** What needs somebody; each count stops at `alertCountMax`. */
export interface Alerts {
  readonly stuck: number
  readonly proposals: number
  readonly failed_pairings: number
  readonly anomalies: number
  readonly dead_letters: number
}

export const alertCountMax = 1_000
/** More live sessions than one list shows or one watcher follows. */
export const liveMax = 20_000
export const timelineMax = 2_000

export interface AuditFilter {
  readonly staff_id: string | null
  /** The beginning of an action: "mitra." finds everything done to mitras. */
  readonly action: string | null
  readonly target_type: string | null
  readonly target_id: string | null
  readonly before: string | null
  readonly limit: number
}

export class Oversight extends Context.Service<Oversight, {
  /** Of every live session a text that is another one as soon as its row has changed. */
  readonly fingerprints: Effect.Effect<ReadonlyMap<string, string>, Unavailable>
  /** Those of these that are alive. */
  readonly liveOf: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<LiveSession>, Unavailable>
  /** Oldest request first; `after` is the last one of the previous page. */
  readonly live: (page: {
    readonly statuses: ReadonlyArray<SessionStatus>
    readonly mitra_id: string | null
    readonly after: { readonly at: number; readonly id: string } | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<LiveSession>, Unavailable>
  /** When the running chats end that end soonest, in that order. */
  readonly nextEnds: (limit: number) => Effect.Effect<ReadonlyArray<number>, Unavailable>
  /** By name and id; `search` is a part of the name or a whole id. */
  readonly mitras: (page: {
    readonly search: string | null
    readonly filter: MitraFilter
    readonly after: { readonly name: string; readonly id: string } | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<MitraLine>, Unavailable>
  /** Ids of customers whose call name begins with this, by name. */
  readonly customersNamed: (
    beginning: string,
    limit: number
  ) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Newest first. */
  readonly paymentsOf: (
    customerId: string,
    limit: number
  ) => Effect.Effect<ReadonlyArray<ReviewedPayment>, Unavailable>
  /** In order, at most `timelineMax`. */
  readonly timeline: (sessionId: string) => Effect.Effect<ReadonlyArray<TimelineEntry>, Unavailable>
  /** `stuckBefore`: whose deadline was before it, and who is still there, is stuck. */
  readonly alerts: (stuckBefore: number) => Effect.Effect<Alerts, Unavailable>
  /** Newest first. */
  readonly audit: (filter: AuditFilter) => Effect.Effect<ReadonlyArray<AuditEntry>, Unavailable>
  /** Answers when the rows do. */
  readonly ping: Effect.Effect<void, Unavailable>
}>()("halobestie/services/Oversight") {}
