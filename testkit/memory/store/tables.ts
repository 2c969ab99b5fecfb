// The in-memory store: one plain collection per table of migrations/, shared by all memory adapters
// the way one database is shared by the Postgres ones. Times are epoch milliseconds. Adapters change
// it only inside one synchronous step, so every step is a transaction; they check before they write.
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { Json } from "effect/Schema"
import type { Profile } from "../../../src/domain/matching.ts"
import type { OrderEnds } from "../../../src/domain/open-orders.ts"
import type { MitraState } from "../../../src/domain/mitra.ts"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import type { AuditEntry } from "../../../src/domain/audit.ts"
import type { FirstSessionDiscount, PricedTier, PricingChange } from "../../../src/domain/pricing-change.ts"
import type { CustomerAccount, Device, MitraAccount } from "../../../src/services/accounts/accounts.ts"
import type { RawWebhook, ReviewedPayment } from "../../../src/services/payments/payments.ts"
import type { StaffAccount } from "../../../src/services/accounts/staff.ts"
import type { AuthSession, OneTimeCode, TestNumber } from "../../../src/services/accounts/sign-ins.ts"
import {
  openPushStatuses,
  type OutboxEntry,
  type PushCost,
  type PushHold,
  type PushStatus
} from "../../../src/services/push/push-outbox.ts"
import type { OnlineLogEntry } from "../../../src/services/accounts/mitras.ts"
import type { OfferTimes } from "../../../src/services/sessions/session-oversight.ts"
import type { StoredMessage } from "../../../src/services/sessions/sessions.ts"
import type { CommandSeenRow, TransactionRow } from "../../../src/layers/journal/journal.tables.ts"
import type { ReadableSessionRow } from "../../../src/layers/sessions/chat-sessions.table.ts"
import type {
  AssignmentRow,
  MitraSlotRow,
  OfferRow,
  ProposalRow
} from "../../../src/layers/sessions/pairing.tables.ts"
import type { PauseCause, Person, Resolution } from "../../../src/domain/trust.ts"
import type { Block, Report } from "../../../src/services/trust/trust.ts"
import { Table } from "./table.ts"

export type { AssignmentRow, CommandSeenRow, MitraSlotRow, OfferRow, ProposalRow, TransactionRow }

export interface OfferTimesRow extends OfferTimes {
  readonly session_id: string
}

export type CustomerRow = CustomerAccount

export interface MitraRow extends MitraAccount, Profile {
  readonly created_at: number
  readonly deactivated_at: number | null
}

export interface MitraStatusRow
  extends Pick<MitraState, "is_online" | "online_since" | "is_draining" | "hold">
{
  readonly mitra_id: string
  readonly last_heartbeat_at: number | null
  readonly last_offer_at: number | null
  readonly owner_epoch: number
  readonly owner_runner: string | null
}

export interface MitraOnlineLogRow extends OnlineLogEntry {
  readonly mitra_id: string
}

export interface StaffRow extends StaffAccount {
  readonly created_at: number
}

export interface SecondFactorRow {
  readonly secret: string
  readonly confirmed_at: number | null
  readonly last_step: number
  readonly recovery_hashes: ReadonlyArray<string>
}

export interface AuthSessionRow extends AuthSession {
  readonly rotated_from: string | null
  readonly used_at: number | null
  readonly rotated_at: number | null
  readonly revoked_at: number | null
  readonly revoked_reason: string | null
}

export interface OneTimeCodeRow extends OneTimeCode {
  readonly attempts: number
  readonly used_at: number | null
}

export interface TestNumberRow extends TestNumber {
  readonly updated_at: number
}

export interface SettingRow {
  readonly value: Json
  readonly updated_at: number
}

export type PaymentRow = Omit<ReviewedPayment, "customer_name">

/** A goodbye is never sealed in memory. */
export type ChatSessionRow = ReadableSessionRow

export interface SessionEventRow {
  readonly session_id: string
  readonly seq: number
  readonly event: SessionEvent
}

export interface PushRow extends OutboxEntry {
  readonly status: PushStatus
  readonly attempts: number
  readonly claims: number
  readonly created_at: number
  readonly last_error: string | null
  readonly finished_at: number | null
}

/** Plain in memory, as its report has them. */
export interface CaseRow extends Omit<Report, "at"> {
  readonly created_at: number
  readonly resolved_at: number | null
  readonly resolved_by: string | null
  readonly resolution: Resolution | null
}

export interface PauseRow extends Person {
  readonly cause: PauseCause
  readonly since: number
  readonly lifted_at: number | null
}

const trustTables = () => ({
  /** `<customer_id>/<mitra_id>/<by_side>` */
  blocks: new Table<Block, "customer">({ customer: (row) => row.customer_id }),
  cases: new Map<string, CaseRow>(),
  /** `<user_type>:<user_id>` */
  pauses: new Map<string, PauseRow>(),
  /** By the customer's id: columns of customers that no port shows. */
  deleted_customers: new Map<string, { readonly deleted_at: number; readonly erased_at: number | null }>(),
  /** Of the same: when each order that is being made stops counting. */
  orders_begun: new Map<string, OrderEnds>()
})

const peoplesTables = () => ({
  customers: new Table<CustomerRow, "phone">({ phone: (row) => row.phone ?? undefined }),
  mitras: new Map<string, MitraRow>(),
  mitra_status: new Map<string, MitraStatusRow>(),
  /** Oldest first, as their identity column would order them. */
  mitra_online_logs: [] as Array<MitraOnlineLogRow>,
  staff: new Map<string, StaffRow>(),
  staff_sign_in_attempts: new Map<string, { readonly attempts: number; readonly began_at: number }>(),
  staff_second_factors: new Map<string, SecondFactorRow>(),
  staff_proofs: new Map<string, number>(),
  auth_sessions: new Table<AuthSessionRow, "family" | "person" | "hash">({
    family: (row) => row.family_id,
    person: (row) => `${row.user_type}:${row.user_id}`,
    hash: (row) => row.refresh_hash
  }),
  one_time_codes: new Table<OneTimeCodeRow, "phone" | "ip">({
    phone: (row) => row.phone,
    ip: (row) => row.ip
  }),
  devices: new Table<Device, "person">({ person: (row) => `${row.user_type}:${row.user_id}` }),
  test_numbers: new Map<string, TestNumberRow>(),
  settings: new Map<string, SettingRow>(),
  audit_log: new Map<string, AuditEntry>()
})

const isOpenPush = ({ status }: PushRow): boolean =>
  (openPushStatuses as ReadonlyArray<PushStatus>).includes(status)

const chatsTables = () => ({
  pricing_tiers: new Map<string, PricedTier>(),
  pricing_discounts: new Map<"first_session", FirstSessionDiscount>(),
  /** Oldest first; nothing is ever taken out. */
  pricing_history: [] as Array<PricingChange>,
  payment_requests: new Table<PaymentRow, "customer" | "status" | "watched">({
    customer: (row) => row.customer_id,
    status: (row) => row.status,
    watched: (row) => row.next_check_at === null ? undefined : "yes"
  }),
  webhook_logs: new Map<string, RawWebhook>(),
  chat_sessions: new Table<ChatSessionRow, "customer" | "mitra" | "payment" | "status" | "live">({
    customer: (row) => row.customer_id,
    mitra: (row) => row.mitra_id ?? undefined,
    payment: (row) => row.payment_id,
    status: (row) => row.status,
    live: (row) => row.deadline_at === null ? undefined : "yes"
  }),
  /** `<session_id>/<mitra_id>` */
  chat_request_notifications: new Table<OfferRow, "session" | "mitra" | "pending" | "status">({
    session: (row) => row.session_id,
    mitra: (row) => row.mitra_id,
    /** Of this mitra, and still to be answered. */
    pending: (row) => row.status === "pending" ? row.mitra_id : undefined,
    status: (row) => row.status
  }),
  /** `<session_id>/<mitra_id>` */
  offer_times: new Table<OfferTimesRow, "session">({ session: (row) => row.session_id }),
  /** `<mitra_id>/<slot>` */
  mitra_slots: new Table<MitraSlotRow, "mitra" | "session">({
    mitra: (row) => row.mitra_id,
    session: (row) => row.session_id
  }),
  /** `<session_id>/<position>` */
  mitra_assignments: new Table<AssignmentRow, "session" | "mitra">({
    session: (row) => row.session_id,
    mitra: (row) => row.mitra_id
  }),
  reroute_proposals: new Table<ProposalRow, "session">({ session: (row) => row.session_id }),
  transactions: new Table<TransactionRow, "payment">({ payment: (row) => row.payment_id }),
  /** `<session_id>/<seq>` */
  messages: new Table<StoredMessage, "sender">({
    sender: (row) => `${row.session_id}/${row.sender_id}/${row.client_message_id}`
  }),
  /** `<session_id>/<seq>` */
  session_events: new Map<string, SessionEventRow>(),
  /** `<actor_id>/<sender_id>/<command_id>` */
  commands_seen: new Map<string, CommandSeenRow>(),
  push_outbox: new Table<PushRow, "open" | "status">({
    /** Of this session, and still to be sent. */
    open: (row) => isOpenPush(row) ? row.session_id ?? undefined : undefined,
    status: (row) => row.status
  }),
  /** At most one, under the key "hold". */
  push_hold: new Map<string, PushHold>(),
  /** `<day>/<kind>` */
  push_costs: new Map<string, PushCost>()
})

/** Rows are keyed by primary key; `<a>/<b>` joins the parts of a composite one. */
export const make = () => ({ ...peoplesTables(), ...trustTables(), ...chatsTables() })

export type Tables = ReturnType<typeof make>

export class MemoryTables extends Context.Service<MemoryTables, Tables>()(
  "halobestie/layers/MemoryTables"
) {}

/** An empty store. Provide the same layer value to several adapters and they share it. */
export const layer = Layer.sync(MemoryTables)(make)
