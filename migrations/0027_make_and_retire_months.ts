// Months of the tables in parts (0026) come ahead of time and go when nobody may keep them any more. The role
// that serves owns no table, so it asks these functions, which can do only this. All of them may be repeated.
import { growingTables } from "./growing-tables.ts"
import { runStatements } from "./run-statements.ts"

// A name in the way of ours must not be found first. They wait a moment for each lock, less than it takes to
// call anybody deadlocked: then the next pass tries again.
const asOwner = `LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC'
  SET lock_timeout = '500ms'`

const known = `(VALUES ${growingTables.map(({ by, name }) => `('${name}', '${by}')`).join(", ")})`

// The first part ends where the first month begins.
const monthParts = `CREATE FUNCTION month_parts(parent text)
  RETURNS TABLE (part text, ends timestamptz) LANGUAGE sql STABLE SET search_path = public, pg_temp
  SET timezone = 'UTC' AS $$
    SELECT c.relname::text,
      to_timestamp(substring(c.relname FROM '_(\\d+_\\d\\d)$'), 'YYYY_MM') + interval '1 month'
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent::regclass AND c.relname ~ '_\\d+_\\d\\d$' ORDER BY 2 $$`

// What lies in the last part and belongs to a month that is made now moves there in the same transaction. A
// clock that was moved ahead by years gets no months for the years between.
const makeMonths =
  `CREATE FUNCTION make_months(until timestamptz, most integer) RETURNS integer ${asOwner} AS $$
  DECLARE
    parent record;
    month timestamptz;
    part text;
    bounds text[];
    made integer := 0;
  BEGIN
    FOR parent IN SELECT * FROM ${known} AS t(name, key) LOOP
      LOOP
        SELECT greatest(max(ends), date_trunc('month', until) - interval '3 months') INTO month
          FROM month_parts(parent.name);
        EXIT WHEN month > until OR made >= most;
        part := parent.name || to_char(month, '_FMYYYY_MM');
        bounds := ARRAY[month::text, (month + interval '1 month')::text];
        IF parent.key <> 'at' THEN
          bounds := ARRAY[first_uuid_at(month)::text, first_uuid_at(month + interval '1 month')::text];
        END IF;
        LOCK TABLE chat_sessions, mitras IN SHARE ROW EXCLUSIVE MODE;
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent.name || '_rest');
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent.name);
        EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *)
          INSERT INTO %5$I SELECT * FROM moved', parent.name || '_rest', parent.key, bounds[1], bounds[2],
          part);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent.name, part,
          bounds[1], bounds[2]);
        made := made + 1;
      END LOOP;
    END LOOP;
    RETURN made;
  END $$`

// A month stays while one of its chats is not over: its actor still writes there.
const detachMonths = `CREATE FUNCTION detach_months(parent text, before timestamptz, at timestamptz)
  RETURNS integer ${asOwner} AS $$
  DECLARE
    month record;
    key_column text;
    detached integer := 0;
  BEGIN
    SELECT t.key INTO STRICT key_column FROM ${known} AS t(name, key) WHERE t.name = parent;
    FOR month IN
      SELECT parent || '_first' AS part, min(ends) - interval '1 month' AS ends FROM month_parts(parent)
      UNION ALL SELECT * FROM month_parts(parent)
    LOOP
      CONTINUE WHEN month.ends > before;
      CONTINUE WHEN NOT EXISTS (SELECT 1 FROM pg_inherits
        WHERE inhparent = parent::regclass AND inhrelid = to_regclass(month.part));
      CONTINUE WHEN key_column = 'session_id' AND EXISTS (SELECT 1 FROM chat_sessions
        WHERE deadline_at IS NOT NULL AND id < first_uuid_at(month.ends));
      LOCK TABLE chat_sessions, mitras IN ACCESS EXCLUSIVE MODE;
      EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, month.part);
      INSERT INTO detached_months (part, detached_at) VALUES (month.part, at);
      detached := detached + 1;
    END LOOP;
    RETURN detached;
  END $$`

const dropMonths = `CREATE FUNCTION drop_detached_months(before timestamptz) RETURNS integer ${asOwner} AS $$
  DECLARE
    gone record;
    dropped integer := 0;
  BEGIN
    FOR gone IN DELETE FROM detached_months WHERE detached_at < before RETURNING part LOOP
      LOCK TABLE chat_sessions, mitras IN ACCESS EXCLUSIVE MODE;
      EXECUTE format('DROP TABLE IF EXISTS %I', gone.part);
      dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
  END $$`

const changing = [
  "make_months(timestamptz, integer)",
  "detach_months(text, timestamptz, timestamptz)",
  "drop_detached_months(timestamptz)"
]

export default runStatements([
  `CREATE TABLE detached_months (
    part text PRIMARY KEY,
    detached_at timestamptz NOT NULL
  )`,
  monthParts,
  makeMonths,
  detachMonths,
  dropMonths,
  // Granted to the role that serves, if it is another one (serving-role.ts).
  ...changing.map((signature) => `REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`)
])
