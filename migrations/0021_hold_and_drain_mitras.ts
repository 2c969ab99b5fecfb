// Staff keep a mitra offline for a while, or drain her: no new offers, and offline after her last chat. A
// server of the version before writes none of these columns and goes on as it did.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE mitra_status
    ADD COLUMN is_draining boolean NOT NULL DEFAULT false,
    ADD COLUMN is_held boolean NOT NULL DEFAULT false,
    ADD COLUMN held_until timestamptz,
    ADD CONSTRAINT mitra_status_held_check CHECK (is_held OR held_until IS NULL)`,
  `CREATE INDEX mitra_status_draining ON mitra_status (mitra_id) WHERE is_draining`,
  `ALTER TABLE mitra_online_logs
    DROP CONSTRAINT mitra_online_logs_cause_check,
    ADD CONSTRAINT mitra_online_logs_cause_check
      CHECK (cause IN ('toggle', 'stale_heartbeat', 'forced', 'deactivated', 'missed_offers', 'drained'))`
])
