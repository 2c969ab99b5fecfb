// Trust between strangers who chat: who does not want to meet whom again, what was reported with the evidence
// sealed to it, and who is paused. Cases outlive the transcripts they quote.
import { runStatements } from "./run-statements.ts"

const sides = `('customer', 'mitra')`

export default runStatements([
  `CREATE TABLE blocks (
    id uuid NOT NULL UNIQUE,
    customer_id uuid NOT NULL REFERENCES customers (id),
    mitra_id uuid NOT NULL REFERENCES mitras (id),
    by_side text NOT NULL CHECK (by_side IN ${sides}),
    session_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, mitra_id, by_side)
  )`,
  `CREATE INDEX blocks_by_mitra ON blocks (mitra_id, id DESC)`,
  `CREATE TABLE cases (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    mitra_id uuid NOT NULL,
    by_side text NOT NULL CHECK (by_side IN ${sides}),
    reason text NOT NULL,
    words text,
    words_sealed text,
    evidence text,
    evidence_sealed text,
    created_at timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by uuid REFERENCES staff (id),
    resolution text CHECK (resolution IN ('dismissed', 'warned', 'paused')),
    CHECK (num_nonnulls(words, words_sealed) = 1),
    CHECK (num_nonnulls(evidence, evidence_sealed) = 1),
    CHECK (num_nonnulls(resolved_at, resolved_by, resolution) IN (0, 3))
  )`,
  // A second report of the same chat while the first is open is the same case.
  `CREATE UNIQUE INDEX cases_one_open ON cases (session_id, customer_id, mitra_id, by_side)
    WHERE resolved_at IS NULL`,
  `CREATE INDEX cases_open ON cases (id) WHERE resolved_at IS NULL`,
  `CREATE INDEX cases_of_mitra ON cases (mitra_id, created_at) WHERE by_side = 'customer'`,
  `CREATE INDEX cases_of_customer ON cases (customer_id, created_at) WHERE by_side = 'mitra'`,
  `CREATE TABLE pauses (
    user_type text NOT NULL CHECK (user_type IN ${sides}),
    user_id uuid NOT NULL,
    cause text NOT NULL CHECK (cause IN ('reports', 'staff')),
    since timestamptz NOT NULL,
    lifted_at timestamptz,
    PRIMARY KEY (user_type, user_id)
  )`
])
