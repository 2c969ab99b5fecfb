// A mitra who lets offer after offer run out is paused: one more reason to be offline, and the offers
// that ran out lately, found without looking at all the others.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE mitra_online_logs
    DROP CONSTRAINT mitra_online_logs_cause_check,
    ADD CONSTRAINT mitra_online_logs_cause_check
      CHECK (cause IN ('toggle', 'stale_heartbeat', 'forced', 'deactivated', 'missed_offers'))`,
  `CREATE INDEX offers_run_out ON chat_request_notifications (deadline_at) WHERE ending = 'expired'`
])
