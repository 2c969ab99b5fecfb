// The other tables a group of turns adds rows to: outcomes of commands, money movements, pushes, the log of
// online times and the audit log.
import { offlineCauses } from "../../domain/mitra.ts"
import { sessionPushKinds } from "../../domain/push.ts"
import {
  anyJson,
  boolean,
  elsewhere,
  instant,
  integer,
  oneOf,
  once,
  orNull,
  type RowOf,
  table,
  text,
  uuid
} from "../platform/postgres/table.ts"

export const commandsSeen = table("commands_seen", ["actor_id", "sender_id", "command_id"], {
  actor_id: once(uuid),
  sender_id: once(text),
  command_id: once(text),
  outcome: once(anyJson),
  at: once(instant)
})
export type CommandSeenRow = RowOf<typeof commandsSeen>

export const transactions = table("transactions", ["id"], {
  id: once(uuid),
  session_id: once(uuid),
  payment_id: once(uuid),
  customer_id: once(uuid),
  mitra_id: once(uuid),
  product: once(oneOf(["chat_session", "extension"])),
  amount_idr: once(integer),
  at: once(instant)
})
export type TransactionRow = RowOf<typeof transactions>

/** Those of turns; sign-ins write theirs elsewhere. The worker writes what became of one. */
export const pushOutbox = table("push_outbox", ["id"], {
  id: once(uuid),
  user_type: once(oneOf(["customer", "mitra"])),
  user_id: once(uuid),
  kind: once(oneOf(sessionPushKinds)),
  session_id: once(uuid),
  auth_session_id: elsewhere(orNull(uuid)),
  created_at: once(instant),
  due_at: once(instant),
  expires_at: once(instant),
  status: elsewhere(text),
  attempts: elsewhere(integer),
  claims: elsewhere(integer),
  last_error: elsewhere(orNull(text)),
  finished_at: elsewhere(orNull(instant))
})

export const mitraOnlineLogs = table("mitra_online_logs", [], {
  mitra_id: once(uuid),
  is_online: once(boolean),
  cause: once(oneOf(offlineCauses)),
  at: once(instant)
})

export const auditLog = table("audit_log", ["id"], {
  id: once(uuid),
  staff_id: once(uuid),
  action: once(text),
  target_type: once(text),
  target_id: once(text),
  before: once(anyJson),
  after: once(anyJson),
  peer: once(text),
  at: once(instant)
})
