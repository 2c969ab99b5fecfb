// When a mitra last declined an offer or let one run out: asked at every search while a cool-down is set,
// and for every mitra the mirror is told of.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE INDEX offers_turned_down_of_mitra
    ON chat_request_notifications (mitra_id, (coalesce(responded_at, deadline_at)) DESC)
    WHERE status = 'declined' OR ending = 'expired'`
])
