// Rows of a sound world, to be spoiled where a test wants it.
import type {
  ChatSessionRow,
  MitraRow,
  OfferRow,
  PaymentRow,
  PushRow,
  SessionEventRow,
  Tables,
  TransactionRow
} from "../../../testkit/memory/store/tables.ts"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import type { StoredMessage } from "../../../src/services/sessions/sessions.ts"
import { startMs } from "./history.ts"

export const chatMs = 300_000

export const session = (change: Partial<ChatSessionRow> = {}): ChatSessionRow => ({
  id: "chat",
  customer_id: "sari",
  payment_id: "payment",
  opened_by: null,
  amount_idr: 15_000,
  kind: "blast",
  target_mitra_id: null,
  mode: "chat",
  topic: "regular",
  language: null,
  status: "searching",
  mitra_id: null,
  absence: null,
  requested_at: startMs,
  search_ends_at: startMs + 60_000,
  next_wave_at: startMs,
  wave: 0,
  started_at: null,
  ends_at: null,
  warned_seconds: null,
  extension: null,
  closing_ends_at: null,
  ended_at: null,
  ended_by: null,
  end_reason: null,
  ledger: { purchased_ms: chatMs, entries: [], open: null },
  customer_goodbye: null,
  mitra_goodbye: null,
  customer_delivered_seq: 0,
  customer_read_seq: 0,
  mitra_delivered_seq: 0,
  mitra_read_seq: 0,
  last_seq: 0,
  deadline_at: startMs + 60_000,
  owner_epoch: 1,
  owner_runner: "runner-1:1",
  ...change
})

export const active = (change: Partial<ChatSessionRow> = {}): ChatSessionRow =>
  session({
    status: "active",
    mitra_id: "ayu",
    started_at: startMs,
    ends_at: startMs + chatMs,
    deadline_at: startMs + chatMs,
    ledger: { purchased_ms: chatMs, entries: [], open: { state: "served", reason: "paired", from: startMs } },
    ...change
  })

export const offer = (change: Partial<OfferRow> = {}): OfferRow => ({
  session_id: "chat",
  mitra_id: "ayu",
  position: 0,
  status: "pending",
  ending: null,
  wave: 1,
  sent_at: startMs,
  deadline_at: startMs + 60_000,
  responded_at: null,
  sessions_at_offer: 0,
  ...change
})

export const payment = (change: Partial<PaymentRow> = {}): PaymentRow =>
  ({
    id: "payment",
    customer_id: "sari",
    product: "chat_session",
    extends_session_id: null,
    status: "pending",
    amount_idr: 15_000,
    duration_seconds: chatMs / 1000,
    kind: "blast",
    target_mitra_id: null,
    created_at: startMs,
    expires_at: startMs + 1_200_000,
    confirmed_at: null,
    failure_cause: null,
    failed_at: null,
    ...change
  }) as PaymentRow

export const transaction = (change: Partial<TransactionRow> = {}): TransactionRow => ({
  id: "transaction",
  session_id: "chat",
  payment_id: "payment",
  customer_id: "sari",
  mitra_id: "ayu",
  product: "chat_session",
  amount_idr: 15_000,
  at: startMs,
  ...change
})

export const message = (change: Partial<StoredMessage> = {}): StoredMessage => ({
  session_id: "chat",
  seq: 1,
  message_id: "message",
  client_message_id: "sari-1",
  side: "customer",
  sender_id: "sari",
  body: "halo",
  sent_at: startMs,
  ...change
})

export const push = (change: Partial<PushRow> = {}): PushRow =>
  ({
    id: "push",
    user_type: "mitra",
    user_id: "ayu",
    kind: "offer",
    session_id: "chat",
    expires_at: startMs + 60_000,
    status: "pending",
    attempts: 0,
    created_at: startMs,
    ...change
  }) as PushRow

export const mitra = (change: Partial<MitraRow> = {}): MitraRow => ({
  id: "ayu",
  display_name: "Ayu",
  phone: "+628110000001",
  is_active: true,
  languages: ["id"],
  topics: ["regular", "sensitive"],
  created_at: startMs,
  deactivated_at: null,
  ...change
})

export const event = (seq: number, of: SessionEvent, session_id = "chat"): SessionEventRow => ({
  session_id,
  seq,
  event: of
})

export const put = {
  session: (row: ChatSessionRow) => (tables: Tables) => void tables.chat_sessions.set(row.id, row),
  offer: (row: OfferRow) => (tables: Tables) =>
    void tables.chat_request_notifications.set(`${row.session_id}/${row.mitra_id}`, row),
  payment: (row: PaymentRow) => (tables: Tables) => void tables.payment_requests.set(row.id, row),
  transaction: (row: TransactionRow) => (tables: Tables) => void tables.transactions.set(row.id, row),
  message: (row: StoredMessage) => (tables: Tables) =>
    void tables.messages.set(`${row.session_id}/${row.seq}`, row),
  push: (row: PushRow) => (tables: Tables) => void tables.push_outbox.set(row.id, row),
  mitra: (row: MitraRow) => (tables: Tables) => void tables.mitras.set(row.id, row),
  event: (row: SessionEventRow) => (tables: Tables) =>
    void tables.session_events.set(`${row.session_id}/${row.seq}`, row),
  slot: (slot: number, session_id = "chat", mitra_id = "ayu") => (tables: Tables) =>
    void tables.mitra_slots.set(`${mitra_id}/${slot}`, { mitra_id, slot, session_id, claimed_at: startMs })
}

type Write = (tables: Tables) => void

export const all = (...writes: ReadonlyArray<Write>): Write => (tables) => {
  for (const write of writes) write(tables)
}
