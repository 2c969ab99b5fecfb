// People who are gone: when an account was deleted, and when the last of its texts was erased. Each question
// of the retention sweep has its index. A deleted mitra has no phone.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE customers ADD COLUMN deleted_at timestamptz, ADD COLUMN erased_at timestamptz`,
  `ALTER TABLE mitras ADD COLUMN deleted_at timestamptz, DROP CONSTRAINT mitras_check,
    ADD CHECK (deleted_at IS NOT NULL OR num_nonnulls(phone, phone_sealed) = 1)`,
  `CREATE INDEX customers_to_erase ON customers (id) WHERE deleted_at IS NOT NULL AND erased_at IS NULL`,
  `CREATE INDEX customers_anonymous ON customers (id)
    WHERE phone IS NULL AND phone_sealed IS NULL AND deleted_at IS NULL`,
  `CREATE INDEX one_time_codes_by_age ON one_time_codes (created_at)`,
  `CREATE INDEX auth_sessions_by_end ON auth_sessions (expires_at)`,
  `CREATE INDEX commands_seen_by_age ON commands_seen (at)`,
  `CREATE INDEX webhook_logs_by_age ON webhook_logs (received_at)`
])
