// append_turns asks only the months of its chats whether a message was sent before. Among the parts of two
// years the question cost more than the answer: they are left out when the plan begins, which a plan that
// is kept does for values of the call alone.
import { judgeBy, settings } from "./0013_append_turns.ts"
import { runStatements } from "./run-statements.ts"

const sentBefore = `LEFT JOIN LATERAL (SELECT o.seq, o.message_id, o.sent_at FROM messages o
      WHERE o.session_id = t.session_id AND o.sender_id = t.sender_id
        AND o.client_message_id = t.client_message_id
        AND o.session_id >= first_session AND o.session_id <= last_session LIMIT 1) m ON true`

export default runStatements([
  `CREATE OR REPLACE FUNCTION append_turns(sessions uuid[], turns json, pushes json)
  RETURNS TABLE (n integer, verdict text, outcome jsonb, status text, seq bigint, message_id uuid,
    sent_at timestamptz)
  LANGUAGE plpgsql ${settings} SET plan_cache_mode = force_generic_plan AS $$
  #variable_conflict use_column
  DECLARE
    first_session uuid;
    last_session uuid;
  BEGIN
    PERFORM id FROM chat_sessions WHERE id = ANY (sessions) ORDER BY id FOR NO KEY UPDATE;
    SELECT min(id::text)::uuid, max(id::text)::uuid INTO first_session, last_session
      FROM unnest(sessions) AS of(id);
    RETURN QUERY ${judgeBy(sentBefore)};
  END $$`
])
