// Which Valkey each runner sees: runners that do not share one notice it here, where all of them are.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE TABLE valkey_sightings (
    runner uuid PRIMARY KEY,
    valkey text,
    seen_at timestamptz NOT NULL
  )`
])
