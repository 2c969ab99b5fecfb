// What tells a lost answer to auth.refresh from a theft: which row a refresh token was exchanged for, and
// whether that row's access token was ever shown. Rows of before know neither and keep their grace.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE auth_sessions ADD COLUMN rotated_from uuid, ADD COLUMN used_at timestamptz`
])
