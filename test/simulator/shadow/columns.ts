// The columns a memory row has in Postgres, written without the product's own lists: values as jsonb shows
// them, with instants as epoch milliseconds.
import type { OfferRow, PushRow } from "../../../testkit/memory/store/tables.ts"
import type { ChatSessionRow, MitraOnlineLogRow, Tables } from "../../../testkit/memory/store/tables.ts"

export type Columns = Readonly<Record<string, unknown>>

type Loose = any

const asTheyAre = (row: object): Columns => ({ ...row })

/** The column kept its name. */
const payment = ({ next_check_at, ...row }: Loose): Columns => ({ ...row, look_at: next_check_at })

const status = ({ hold, ...row }: Loose): Columns => ({
  ...row,
  is_held: hold !== null,
  held_until: hold?.until ?? null
})

const session = (row: ChatSessionRow): Columns => ({
  ...row,
  customer_goodbye_sealed: null,
  mitra_goodbye_sealed: null
})

const event = ({ event, seq, session_id }: Loose): Columns => ({
  session_id,
  seq,
  type: event._tag,
  event,
  text_sealed: null,
  at: event.at
})

interface Shadowed {
  /** The primary key, in the order of the memory table's; of a log, what tells its rows apart. */
  readonly key: ReadonlyArray<string>
  readonly columnsOf: (row: never) => Columns
}

const phone = { phone_sealed: null, phone_mark: null }

/** Every table that turns write or whose rows decide about them. */
export const shadowed = {
  // Orders that are being begun are a table of their own in memory, and no turn's business.
  customers: { key: ["id"], columnsOf: (row: object) => ({ ...row, ...phone, orders_begun: {} }) },
  mitras: { key: ["id"], columnsOf: (row: object) => ({ deleted_at: null, ...row, ...phone }) },
  mitra_status: { key: ["mitra_id"], columnsOf: status },
  mitra_online_logs: {
    key: ["mitra_id", "at", "is_online"],
    columnsOf: (row: MitraOnlineLogRow) => asTheyAre(row)
  },
  staff: { key: ["id"], columnsOf: asTheyAre },
  auth_sessions: { key: ["id"], columnsOf: asTheyAre },
  payment_requests: { key: ["id"], columnsOf: payment },
  chat_sessions: { key: ["id"], columnsOf: session },
  chat_request_notifications: {
    key: ["session_id", "mitra_id"],
    columnsOf: (row: OfferRow) => asTheyAre(row)
  },
  mitra_slots: { key: ["mitra_id", "slot"], columnsOf: asTheyAre },
  mitra_assignments: { key: ["session_id", "position"], columnsOf: asTheyAre },
  reroute_proposals: { key: ["id"], columnsOf: asTheyAre },
  transactions: { key: ["id"], columnsOf: asTheyAre },
  messages: {
    key: ["session_id", "seq"],
    columnsOf: (row: object) => ({ ...row, body_sealed: null })
  },
  session_events: { key: ["session_id", "seq"], columnsOf: event },
  commands_seen: { key: ["actor_id", "sender_id", "command_id"], columnsOf: asTheyAre },
  push_outbox: { key: ["id"], columnsOf: (row: PushRow) => asTheyAre(row) },
  audit_log: { key: ["id"], columnsOf: asTheyAre }
} satisfies Partial<Record<keyof Tables, Shadowed>>

export type ShadowedTable = keyof typeof shadowed

export const isShadowed = (table: string): table is ShadowedTable => table in shadowed

/** As jsonb gives it back: what is undefined is not there. */
const plain = (columns: Columns): Columns => JSON.parse(JSON.stringify(columns))

export const columnsOf = (table: ShadowedTable, row: object): Columns =>
  plain((shadowed[table] as Shadowed).columnsOf(row as never))

export const keyOf = (table: ShadowedTable, columns: Columns): string =>
  shadowed[table].key.map((name) => String(columns[name])).join("/")
