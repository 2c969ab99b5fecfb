// What a database says of its own upgrades: the oldest code that may still run on it, and how far each
// backfill has come. A version older than the schema reads the first to know whether it may go on.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  // One row. Code whose own schema version is below `oldest_code` no longer finds what it reads.
  `CREATE TABLE schema_window (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    oldest_code integer NOT NULL CHECK (oldest_code >= 0)
  )`,
  `INSERT INTO schema_window (oldest_code) VALUES (0)`,
  `CREATE TABLE schema_backfills (
    name text PRIMARY KEY CHECK (length(name) <= 200),
    after_row text,
    rows_done bigint NOT NULL DEFAULT 0 CHECK (rows_done >= 0),
    finished_at timestamptz
  )`
])
