// The paid clock of a chat stands while it has no mitra: it is active and has no end. A server of the version
// before pauses no chat, and shows one that is paused without an end, as one that waits for an extension.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE chat_sessions
    DROP CONSTRAINT chat_sessions_check3,
    ADD CONSTRAINT chat_sessions_ends_at_check
      CHECK ((status = 'active' AND absence->>'paused_until' IS NULL) = (ends_at IS NOT NULL))`
])
