// Chats that change hands: every mitra's time with a chat, the absence of its mitra, and the proposals to
// staff to give it to another. One mitra at a time, one open proposal at a time.
import { runStatements } from "./run-statements.ts"

const assignments = [
  `CREATE TABLE mitra_assignments (
    session_id uuid NOT NULL REFERENCES chat_sessions (id),
    position integer NOT NULL CHECK (position BETWEEN 0 AND 99),
    mitra_id uuid NOT NULL REFERENCES mitras (id),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    by_staff_id uuid REFERENCES staff (id),
    reason text,
    left_seq bigint,
    left_topic text CHECK (left_topic IN ('regular', 'sensitive')),
    left_purchased_ms bigint,
    PRIMARY KEY (session_id, position),
    CHECK ((by_staff_id IS NULL) = (reason IS NULL)),
    CHECK ((left_seq IS NULL) = (left_topic IS NULL) AND (left_seq IS NULL) = (left_purchased_ms IS NULL)),
    CHECK (left_seq IS NULL OR ended_at IS NOT NULL)
  )`,
  `CREATE UNIQUE INDEX one_mitra_per_session ON mitra_assignments (session_id) WHERE ended_at IS NULL`,
  `CREATE INDEX mitra_assignments_past ON mitra_assignments (mitra_id, ended_at DESC, session_id DESC)
    WHERE ended_at IS NOT NULL`,
  `CREATE INDEX mitra_assignments_of_mitra ON mitra_assignments (mitra_id, started_at)`,
  `INSERT INTO mitra_assignments (session_id, position, mitra_id, started_at, ended_at)
    SELECT id, 0, mitra_id, started_at, ended_at FROM chat_sessions WHERE mitra_id IS NOT NULL`
]

const proposals = [
  `ALTER TABLE chat_sessions ADD COLUMN absence jsonb`,
  `CREATE TABLE reroute_proposals (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES chat_sessions (id),
    mitra_id uuid NOT NULL REFERENCES mitras (id),
    cause text NOT NULL CHECK (cause IN ('mitra_deactivated', 'mitra_offline')),
    since timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'dismissed', 'resolved')),
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid REFERENCES staff (id),
    resolution text,
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK ((status = 'open') = (resolution IS NULL)),
    CHECK ((status IN ('accepted', 'dismissed')) = (decided_by IS NOT NULL))
  )`,
  `CREATE UNIQUE INDEX one_open_proposal_per_session ON reroute_proposals (session_id) WHERE status = 'open'`,
  `CREATE INDEX reroute_proposals_by_status ON reroute_proposals (status, id DESC)`
]

const oversight = [
  `CREATE INDEX chat_sessions_past ON chat_sessions (ended_at DESC, id DESC) WHERE ended_at IS NOT NULL`,
  // Only the running sessions of one mitra were asked of this; past ones are found by their assignments now.
  `DROP INDEX chat_sessions_past_mitra`
]

export default runStatements([...assignments, ...proposals, ...oversight])
