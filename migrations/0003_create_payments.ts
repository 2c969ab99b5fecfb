// Pricing tiers, payment requests and the raw webhooks that confirm them. Amounts are whole rupiah.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE TABLE pricing_tiers (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9_-]{1,40}$'),
    label text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('chat', 'call')),
    duration_seconds integer NOT NULL CHECK (duration_seconds BETWEEN 1 AND 86400),
    price_idr integer NOT NULL CHECK (price_idr >= 0),
    is_active boolean NOT NULL DEFAULT true,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE TABLE payment_requests (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    status text NOT NULL CHECK (status IN
      ('pending', 'confirmed', 'consumed', 'expired', 'abandoned', 'failed_pairing')),
    tier_id text NOT NULL REFERENCES pricing_tiers (id),
    mode text NOT NULL CHECK (mode IN ('chat', 'call')),
    duration_seconds integer NOT NULL CHECK (duration_seconds > 0),
    amount_idr integer NOT NULL CHECK (amount_idr >= 0),
    kind text NOT NULL CHECK (kind IN ('blast', 'targeted')),
    target_mitra_id uuid REFERENCES mitras (id),
    topic text NOT NULL CHECK (topic IN ('regular', 'sensitive')),
    checkout_url text NOT NULL,
    provider_ref text,
    failure_cause text,
    failed_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    CHECK ((kind = 'targeted') = (target_mitra_id IS NOT NULL)),
    CHECK (expires_at > created_at),
    CHECK (status NOT IN ('confirmed', 'consumed', 'failed_pairing') OR confirmed_at IS NOT NULL)
  )`,
  `CREATE INDEX payment_requests_by_customer ON payment_requests (customer_id, id DESC)`,
  `CREATE INDEX payment_requests_pending ON payment_requests (expires_at) WHERE status = 'pending'`,
  `CREATE INDEX payment_requests_confirmed ON payment_requests (confirmed_at) WHERE status = 'confirmed'`,
  `CREATE TABLE webhook_logs (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    headers text NOT NULL,
    body text NOT NULL,
    received_at timestamptz NOT NULL
  )`
])
