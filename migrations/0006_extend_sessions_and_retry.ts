// Extensions (what is paid for, and what waits for the mitra's answer), further tries on one payment, and
// the line of waiting requests. An extending session has its pending extension, and nobody else has one.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE payment_requests
    ADD COLUMN product text NOT NULL DEFAULT 'chat_session' CHECK (product IN ('chat_session', 'extension')),
    ADD COLUMN extends_session_id uuid REFERENCES chat_sessions (id),
    ADD CHECK ((product = 'extension') = (extends_session_id IS NOT NULL))`,
  `ALTER TABLE chat_sessions
    ADD COLUMN extension jsonb,
    ADD COLUMN opened_by text CHECK (char_length(opened_by) BETWEEN 1 AND 64),
    ADD CHECK ((status = 'extending') = (extension IS NOT NULL))`,
  `CREATE UNIQUE INDEX one_try_per_command ON chat_sessions (payment_id, opened_by)
    WHERE opened_by IS NOT NULL`,
  `CREATE INDEX chat_sessions_in_line ON chat_sessions (requested_at, id)
    WHERE status IN ('searching', 'pending_acceptance') AND kind = 'blast'`,
  `CREATE INDEX chat_sessions_running ON chat_sessions (ends_at) WHERE status = 'active'`
])
