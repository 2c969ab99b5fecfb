// Pushes that are about no session: a person's other phones are told of a new sign-in. A server of the
// version before writes none and claims none of them, and as long as one is at work none is written: staff's
// numbers of pushes fail there for a kind it does not know.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE push_outbox
    ALTER COLUMN session_id DROP NOT NULL,
    ADD COLUMN auth_session_id uuid,
    DROP CONSTRAINT push_outbox_kind_check,
    ADD CONSTRAINT push_outbox_kind_check
      CHECK (kind IN ('offer', 'paired', 'message', 'extension', 'closing', 'sign_in')),
    ADD CONSTRAINT push_outbox_about_check CHECK ((session_id IS NULL) = (kind = 'sign_in')
      AND (auth_session_id IS NOT NULL) = (kind = 'sign_in'))`
])
