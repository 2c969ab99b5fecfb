// The push outbox gets its worker: when a row is due, who has claimed it, why it failed, and when it was
// done with. A pending message push stands for all messages of its session until a worker takes it.
import { runStatements } from "./run-statements.ts"

const open = `status IN ('pending', 'retrying', 'sending')`

export default runStatements([
  `ALTER TABLE push_outbox
    ADD COLUMN due_at timestamptz,
    ADD COLUMN claims integer NOT NULL DEFAULT 0,
    ADD COLUMN last_error text,
    ADD COLUMN finished_at timestamptz`,
  `UPDATE push_outbox SET due_at = created_at,
    finished_at = CASE WHEN status = 'pending' THEN NULL ELSE created_at END`,
  `ALTER TABLE push_outbox
    ALTER COLUMN due_at SET NOT NULL,
    DROP CONSTRAINT push_outbox_status_check,
    ADD CONSTRAINT push_outbox_status_check CHECK (status IN
      ('pending', 'retrying', 'sending', 'sent', 'skipped', 'cancelled', 'expired', 'dead')),
    ADD CONSTRAINT push_outbox_finished_check CHECK ((${open}) = (finished_at IS NULL))`,
  `DROP INDEX push_outbox_pending`,
  `DROP INDEX push_outbox_offers`,
  // Claimed soonest-to-expire first, so that an offer never waits behind a backlog of messages.
  `CREATE INDEX push_outbox_open ON push_outbox (expires_at, id) WHERE ${open}`,
  `CREATE INDEX push_outbox_of_person ON push_outbox (session_id, user_id, kind) WHERE ${open}`,
  `CREATE UNIQUE INDEX push_outbox_one_message ON push_outbox (session_id, user_id)
    WHERE kind = 'message' AND status = 'pending'`,
  `CREATE INDEX push_outbox_finished ON push_outbox (finished_at) WHERE finished_at IS NOT NULL`,
  `CREATE INDEX push_outbox_dead ON push_outbox (id) WHERE status = 'dead'`,
  // One row: the whole worker waits, on whichever runner it lives.
  `CREATE TABLE push_hold (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    until timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason IN ('rate_limited', 'provider_failing'))
  )`,
  `CREATE TABLE push_costs (
    day date NOT NULL,
    kind text NOT NULL,
    sent integer NOT NULL DEFAULT 0 CHECK (sent >= 0),
    failed integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
    PRIMARY KEY (day, kind)
  )`
])
