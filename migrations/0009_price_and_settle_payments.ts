// Who takes the money and what it said that we did not expect; the first session's discount; what staff made
// of a failure; and the history of prices, which nobody can rewrite.
import { runStatements } from "./run-statements.ts"

/** When staff last got a reason to look. */
const trouble = "greatest(failed_at, anomaly_at)"

const payments = [
  `ALTER TABLE payment_requests
    ADD COLUMN provider text NOT NULL DEFAULT 'builtin' CHECK (provider IN ('builtin', 'xendit')),
    ADD COLUMN discount_idr integer NOT NULL DEFAULT 0 CHECK (discount_idr >= 0),
    ADD COLUMN look_at timestamptz,
    ADD COLUMN anomaly text CHECK (anomaly IN ('amount_mismatch', 'paid_twice')),
    ADD COLUMN anomaly_idr bigint,
    ADD COLUMN anomaly_ref text,
    ADD COLUMN anomaly_at timestamptz,
    ADD COLUMN resolution text CHECK (resolution IN ('refunded', 'dismissed')),
    ADD COLUMN resolution_note text,
    ADD COLUMN resolved_by uuid REFERENCES staff (id),
    ADD COLUMN resolved_at timestamptz,
    ADD CHECK (num_nulls(anomaly, anomaly_idr, anomaly_ref, anomaly_at) IN (0, 4)),
    ADD CHECK (num_nulls(resolution, resolution_note, resolved_by, resolved_at) IN (0, 4))`,
  `CREATE INDEX payment_requests_to_look_at ON payment_requests (look_at, id) WHERE look_at IS NOT NULL`,
  `CREATE INDEX payment_requests_open ON payment_requests (created_at DESC, id DESC)
    WHERE status IN ('pending', 'confirmed')`,
  `CREATE INDEX payment_requests_open_of_customer ON payment_requests (customer_id, created_at DESC, id DESC)
    WHERE status IN ('pending', 'confirmed')`,
  `CREATE INDEX payment_requests_troubled ON payment_requests (${trouble} DESC, id DESC)
    WHERE ${trouble} IS NOT NULL AND (resolved_at IS NULL OR resolved_at < ${trouble})`,
  `DROP INDEX chat_sessions_of_payment`,
  // The newest first: which session a payment has become.
  `CREATE INDEX chat_sessions_of_payment ON chat_sessions (payment_id, requested_at DESC, id DESC)`
]

const pricing = [
  `CREATE TABLE pricing_discounts (
    id text PRIMARY KEY CHECK (id = 'first_session'),
    kind text NOT NULL CHECK (kind IN ('percent', 'amount')),
    value integer NOT NULL CHECK (value >= 1 AND (kind = 'amount' OR value <= 99)),
    is_active boolean NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE TABLE pricing_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL CHECK (subject IN ('tier', 'discount')),
    subject_id text NOT NULL,
    version integer NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    staff_id uuid REFERENCES staff (id),
    at timestamptz NOT NULL,
    UNIQUE (subject, subject_id, version)
  )`,
  // What was on sale before anybody wrote it down.
  `INSERT INTO pricing_history (subject, subject_id, version, before, after, at)
    SELECT 'tier', id, version, 'null', jsonb_build_object('label', label, 'mode', mode,
      'duration_seconds', duration_seconds, 'price_idr', price_idr, 'is_active', is_active), updated_at
    FROM pricing_tiers ORDER BY updated_at, id`,
  `CREATE TRIGGER pricing_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pricing_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`
]

export default runStatements([...payments, ...pricing])
