// Whoever is deleted while a month of hers lies detached (0027) is erased there as well: in every table that
// once was a part and is none now, also one that is kept longer than the seven days. The role that serves
// owns none of them, so it asks these functions, which can do only this. All of them may be repeated.
import { runStatements } from "./run-statements.ts"

const asOwner = `SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms'`

const detachedParts = `CREATE FUNCTION detached_parts(parent text) RETURNS SETOF regclass
  LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
      AND c.relname ~ ('^' || parent || '_(first|\\d+_\\d\\d)$') ORDER BY c.relname $$`

// Messages first, a bounded number of them; then, when none is left, what was said as a goodbye.
const eraseTexts = `CREATE FUNCTION erase_detached_texts(customer uuid, most integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER ${asOwner} AS $$
  DECLARE
    -- As domain/retention.ts has it.
    erased CONSTANT text := '-';
    part regclass;
    changed integer;
    done integer := 0;
  BEGIN
    IF NOT EXISTS (SELECT 1 FROM customers WHERE id = customer AND deleted_at IS NOT NULL) THEN
      RETURN 0;
    END IF;
    FOR part IN SELECT * FROM detached_parts('messages') LOOP
      EXECUTE format('WITH found AS (
          SELECT m.session_id, m.seq FROM chat_sessions s JOIN %1$s m ON m.session_id = s.id
          WHERE s.customer_id = $1 AND m.body IS DISTINCT FROM $2 LIMIT $3)
        UPDATE %1$s m SET body = $2, body_sealed = NULL FROM found
        WHERE m.session_id = found.session_id AND m.seq = found.seq', part)
        USING customer, erased, most - done;
      GET DIAGNOSTICS changed = ROW_COUNT;
      done := done + changed;
      EXIT WHEN done >= most;
    END LOOP;
    IF done > 0 THEN
      RETURN done;
    END IF;
    FOR part IN SELECT * FROM detached_parts('session_events') LOOP
      EXECUTE format('UPDATE %s e
        SET event = jsonb_set(e.event, ''{text}'', to_jsonb($2)), text_sealed = NULL
        FROM chat_sessions s WHERE s.customer_id = $1 AND e.session_id = s.id AND e.type = ''GoodbyeLeft''
          AND (e.text_sealed IS NOT NULL OR e.event->>''text'' IS DISTINCT FROM $2)', part)
        USING customer, erased;
      GET DIAGNOSTICS changed = ROW_COUNT;
      done := done + changed;
    END LOOP;
    RETURN done;
  END $$`

const eraseLog = `CREATE FUNCTION erase_detached_log(mitra uuid) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER ${asOwner} AS $$
  DECLARE
    part regclass;
    changed integer;
    done integer := 0;
  BEGIN
    IF NOT EXISTS (SELECT 1 FROM mitras WHERE id = mitra AND deleted_at IS NOT NULL) THEN
      RETURN 0;
    END IF;
    FOR part IN SELECT * FROM detached_parts('mitra_online_logs') LOOP
      EXECUTE format('DELETE FROM %s WHERE mitra_id = $1', part) USING mitra;
      GET DIAGNOSTICS changed = ROW_COUNT;
      done := done + changed;
    END LOOP;
    RETURN done;
  END $$`

export default runStatements([
  detachedParts,
  eraseTexts,
  eraseLog,
  // Granted to the role that serves, if it is another one (serving-role.ts).
  `REVOKE ALL ON FUNCTION erase_detached_texts(uuid, integer), erase_detached_log(uuid) FROM PUBLIC`,
  // Who was done with when nobody looked there is looked at once more.
  `UPDATE customers SET erased_at = NULL
    WHERE erased_at IS NOT NULL AND EXISTS (SELECT 1 FROM detached_parts('messages'))`
])
