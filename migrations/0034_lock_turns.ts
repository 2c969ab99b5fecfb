// One function for what a transaction of turns begins with: how it waits and plans, its locks, and what was
// written before. Each of these was a trip to Postgres. A function that is not STABLE gives each of its
// statements a snapshot of its own, so what is read last has seen all that the locks had to wait for.
import { runStatements } from "./run-statements.ts"

// Table by table in one fixed order and by id inside each, so that two runners never wait for each other in a
// ring. NO KEY: writers are kept apart, foreign keys to these rows are not held up.
const locked = (what: string, columns: string, table: string, key: string) =>
  `IF cardinality(lock_${what}) > 0 THEN
      RETURN QUERY SELECT '${what}', ${columns}, NULL::json FROM ${table}
        WHERE ${key} = ANY (lock_${what}) ORDER BY ${key} FOR NO KEY UPDATE;
    END IF;`

const stored = `RETURN QUERY SELECT 'stored', NULL::uuid, 0::bigint, 0::bigint, '', false, json_build_object(
    'slots', (SELECT json_agg(s) FROM (
      SELECT s.mitra_id, s.slot, s.session_id FROM mitra_slots s WHERE s.mitra_id = ANY (slots_of)) s),
    'outcomes', (SELECT json_agg(c) FROM (
      SELECT c.actor_id, c.sender_id, c.command_id, c.outcome
      FROM json_to_recordset(asked_commands) AS a(actor_id uuid, sender_id text, command_id text)
      JOIN commands_seen c USING (actor_id, sender_id, command_id)) c),
    'messages', (SELECT json_agg(m) FROM (
      SELECT m.session_id, m.sender_id, m.client_message_id, m.seq, m.message_id,
        (extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_at
      FROM json_to_recordset(asked_messages) AS a(session_id uuid, sender_id uuid, client_message_id text)
      JOIN messages m USING (session_id, sender_id, client_message_id)) m));`

// For this transaction only. A row that another transaction keeps locked must not hold up a group for long.
// And every statement goes by keys, here and afterwards: a plan made while a table was small would scan it
// for ever after, because prepared plans are kept until the table is analyzed (measured: 20 times the work).
const settings = `PERFORM set_config('lock_timeout', '1000', true), set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);`

export default runStatements([
  `CREATE FUNCTION lock_turns(lock_session uuid[], lock_mitra_status uuid[], lock_mitra uuid[],
    lock_payment uuid[], slots_of uuid[], asked_commands json, asked_messages json)
  RETURNS TABLE (what text, id uuid, owner_epoch bigint, last_seq bigint, status text, is_active boolean,
    stored json)
  LANGUAGE plpgsql AS $$
  #variable_conflict use_column
  BEGIN
    ${settings}
    ${locked("session", "id, owner_epoch, last_seq, status, false", "chat_sessions", "id")}
    ${locked("mitra_status", "mitra_id, owner_epoch, 0::bigint, '', false", "mitra_status", "mitra_id")}
    ${locked("mitra", "id, 0::bigint, 0::bigint, '', is_active", "mitras", "id")}
    ${locked("payment", "id, 0::bigint, 0::bigint, status, false", "payment_requests", "id")}
    IF cardinality(slots_of) > 0 OR asked_commands IS NOT NULL OR asked_messages IS NOT NULL THEN
      ${stored}
    END IF;
  END $$`
])
