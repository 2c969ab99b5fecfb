// When a mitra's app showed an offer, and when an accept of hers came too late: for staff who ask afterwards
// how a blast went. Beside the offers, which only their session's owner writes. And customers are found by
// the beginning of their call name.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE TABLE offer_times (
    session_id uuid NOT NULL,
    mitra_id uuid NOT NULL,
    seen_at timestamptz,
    late_accept_at timestamptz,
    PRIMARY KEY (session_id, mitra_id),
    FOREIGN KEY (session_id, mitra_id) REFERENCES chat_request_notifications (session_id, mitra_id)
      ON DELETE CASCADE
  )`,
  `CREATE INDEX customers_by_call_name ON customers (lower(call_name COLLATE "C"), id)`
])
