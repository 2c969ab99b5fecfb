// The rows of a real database as the memory tables have them: what rules read is the same in both worlds.
import type { Tables } from "../../testkit/memory/store/tables.ts"
import type { Columns, Written } from "./row-history.ts"

interface Mirrored {
  /** The primary key, in the order of the memory table's. */
  readonly key: ReadonlyArray<string>
  readonly rowOf?: (columns: Record<string, any>) => object
}

/** Sealed texts are in no simulated database. */
const without = (...names: ReadonlyArray<string>) => (columns: Columns): object =>
  Object.fromEntries(Object.entries(columns).filter(([name]) => !names.includes(name)))

const person = without("phone_sealed", "phone_mark")

const payment = ({ look_at, ...row }: Record<string, any>): object => ({ ...row, next_check_at: look_at })
const mitraStatus = ({ held_until, is_held, ...row }: Record<string, any>): object => ({
  ...row,
  hold: is_held ? { until: held_until } : null
})
const event = ({ event, seq, session_id }: Record<string, any>): object => ({ session_id, seq, event })
const webhook = ({ received_at, ...row }: Record<string, any>): object => ({ ...row, at: received_at })

/** Every table that some rule, report or page reads. */
const mirrored = {
  customers: { key: ["id"], rowOf: person },
  mitras: { key: ["id"], rowOf: person },
  mitra_status: { key: ["mitra_id"], rowOf: mitraStatus },
  staff: { key: ["id"] },
  auth_sessions: { key: ["id"] },
  one_time_codes: { key: ["id"] },
  devices: { key: ["token"] },
  settings: { key: ["key"], rowOf: without("key") },
  audit_log: { key: ["id"] },
  pricing_tiers: { key: ["id"] },
  pricing_discounts: { key: ["id"], rowOf: without("id") },
  payment_requests: { key: ["id"], rowOf: payment },
  webhook_logs: { key: ["id"], rowOf: webhook },
  chat_sessions: { key: ["id"], rowOf: without("customer_goodbye_sealed", "mitra_goodbye_sealed") },
  chat_request_notifications: { key: ["session_id", "mitra_id"] },
  mitra_slots: { key: ["mitra_id", "slot"] },
  mitra_assignments: { key: ["session_id", "position"] },
  reroute_proposals: { key: ["id"] },
  transactions: { key: ["id"] },
  messages: { key: ["session_id", "seq"], rowOf: without("body_sealed") },
  session_events: { key: ["session_id", "seq"], rowOf: event },
  commands_seen: { key: ["actor_id", "sender_id", "command_id"] },
  push_outbox: { key: ["id"] },
  blocks: { key: ["customer_id", "mitra_id", "by_side"] },
  cases: { key: ["id"], rowOf: without("words_sealed", "evidence_sealed") },
  pauses: { key: ["user_type", "user_id"] }
} satisfies Partial<Record<keyof Tables, Mirrored>>

type KeyedTable = keyof typeof mirrored
export type MirroredTable = KeyedTable | "mitra_online_logs"

export const mirroredTables: ReadonlyArray<MirroredTable> = [
  ...Object.keys(mirrored) as ReadonlyArray<KeyedTable>,
  "mitra_online_logs"
]

/** Brings the memory tables what was committed. */
export const apply = (tables: Tables, changes: ReadonlyArray<Written<MirroredTable>>): void => {
  for (const { after, before, table } of changes) {
    if (table === "mitra_online_logs") {
      if (after !== null) tables.mitra_online_logs.push(after as never)
      continue
    }
    const { key, rowOf = without() } = mirrored[table] as Mirrored
    const columns = after ?? before ?? {}
    const id = key.map((name) => String(columns[name])).join("/")
    const rows = tables[table] as Map<string, object>
    if (after === null) rows.delete(id)
    else rows.set(id, rowOf(after))
  }
}
