// How many offers a mitra let run out in a row is asked of her newest answered ones: their own small index.
// Without it Postgres read every offer she ever got. What another mitra took, most of a blast, is not in it.
// On a large table it is better made beforehand (docs/operations/tables-that-grow.md).
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE INDEX IF NOT EXISTS offers_answered_of_mitra
    ON chat_request_notifications (mitra_id, sent_at DESC, session_id DESC)
    WHERE status IN ('accepted', 'declined') OR ending = 'expired'`
])
