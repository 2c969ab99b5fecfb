// A live session as the console's lists show it: instants as the wire writes them, everything else as it is.
import type { LiveSessionView } from "../../../contract/staff/console.ts"
import { instant, instantOrNull } from "../../../contract/fields.ts"
import type { LiveSession } from "../../../services/oversight/oversight.ts"

export const liveView = (session: LiveSession): LiveSessionView => ({
  ...session,
  requested_at: instant(session.requested_at),
  started_at: instantOrNull(session.started_at),
  ends_at: instantOrNull(session.ends_at),
  deadline_at: instant(session.deadline_at)
})
