// One function that commits a group of turns which only append: messages and moved cursors, nearly all turns
// there are. It locks, judges and writes in one round trip and one implicit transaction; the judgement is the
// one of src/domain/verdict.ts for such turns, which the shadow replay and the conformance suite hold it to.
import { runStatements } from "./run-statements.ts"

// Locks first, in the order of ids, in a statement of their own: the next statement's snapshot is newer than
// they are, so that what it reads cannot have moved. A row that somebody else keeps locked must not hold up a
// group for long. And every statement goes by keys: its plan is kept, and one that was made while a table was
// small would scan it for ever after.
export const settings = `SET lock_timeout = '1000' SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off`

const turnColumns = `n integer, session_id uuid, epoch bigint, base_seq bigint, last_seq bigint,
  customer_delivered_seq bigint, customer_read_seq bigint, mitra_delivered_seq bigint, mitra_read_seq bigint,
  command_sender text, command_id text, outcome text, at timestamptz,
  message_id uuid, client_message_id text, side text, sender_id uuid, body text, body_sealed text,
  sent_at timestamptz`

const pushColumns = `n integer, id uuid, user_type text, user_id uuid, kind text, session_id uuid,
  created_at timestamptz, due_at timestamptz, expires_at timestamptz`

/** What was sent before under the same client id, as a migration may look for it another way. */
const sentBefore = `LEFT JOIN messages m ON m.session_id = t.session_id AND m.sender_id = t.sender_id
      AND m.client_message_id = t.client_message_id`

// Answers only for turns that were not written: most groups have none.
export const judgeBy = (sentBefore: string) =>
  `WITH judged AS MATERIALIZED (
    SELECT t.*, s.status, c.outcome AS earlier, m.seq AS sent_seq, m.message_id AS sent_id,
      m.sent_at AS sent_before,
      CASE
        WHEN s.id IS NULL OR s.owner_epoch <> t.epoch THEN 'fenced'
        WHEN c.command_id IS NOT NULL THEN 'repeated_command'
        WHEN m.seq IS NOT NULL THEN 'repeated_message'
        WHEN s.last_seq <> t.base_seq THEN 'invalid'
        ELSE 'accepted'
      END AS verdict
    FROM json_to_recordset(turns) AS t(${turnColumns})
    LEFT JOIN chat_sessions s ON s.id = t.session_id
    LEFT JOIN commands_seen c ON c.actor_id = t.session_id AND c.sender_id = t.command_sender
      AND c.command_id = t.command_id
    ${sentBefore}
  ), advanced AS (
    UPDATE chat_sessions s SET last_seq = j.last_seq,
      customer_delivered_seq = j.customer_delivered_seq, customer_read_seq = j.customer_read_seq,
      mitra_delivered_seq = j.mitra_delivered_seq, mitra_read_seq = j.mitra_read_seq
    FROM judged j WHERE s.id = j.session_id AND j.verdict = 'accepted'
  ), sent AS (
    INSERT INTO messages (session_id, seq, message_id, client_message_id, side, sender_id, body, body_sealed,
      sent_at)
    SELECT j.session_id, j.last_seq, j.message_id, j.client_message_id, j.side, j.sender_id, j.body,
      j.body_sealed, j.sent_at
    FROM judged j WHERE j.verdict = 'accepted' AND j.message_id IS NOT NULL
  ), marked AS (
    INSERT INTO commands_seen (actor_id, sender_id, command_id, outcome, at)
    SELECT j.session_id, j.command_sender, j.command_id, j.outcome::jsonb, j.at
    FROM judged j WHERE j.verdict = 'accepted' AND j.command_id IS NOT NULL
  ), pushed AS (
    INSERT INTO push_outbox AS p (id, user_type, user_id, kind, session_id, created_at, due_at, expires_at)
    SELECT r.id, r.user_type, r.user_id, r.kind, r.session_id, r.created_at, r.due_at, r.expires_at
    FROM json_to_recordset(pushes) AS r(${pushColumns})
    JOIN judged j ON j.n = r.n AND j.verdict = 'accepted'
    ON CONFLICT (session_id, user_id) WHERE kind = 'message' AND status = 'pending'
      DO UPDATE SET status = p.status WHERE false
  )
  SELECT j.n, j.verdict, j.earlier, j.status, j.sent_seq, j.sent_id, j.sent_before
  FROM judged j WHERE j.verdict <> 'accepted' ORDER BY j.n`

export default runStatements([
  `CREATE FUNCTION append_turns(sessions uuid[], turns json, pushes json)
  RETURNS TABLE (n integer, verdict text, outcome jsonb, status text, seq bigint, message_id uuid,
    sent_at timestamptz)
  LANGUAGE plpgsql ${settings} AS $$
  #variable_conflict use_column
  BEGIN
    PERFORM id FROM chat_sessions WHERE id = ANY (sessions) ORDER BY id FOR NO KEY UPDATE;
    RETURN QUERY ${judgeBy(sentBefore)};
  END $$`
])
