// The tables that grow become tables in parts, one a month: the old table is the first part, months follow
// it, and a last part takes what has no month yet. Of a chat the month it was asked for counts, as its id
// says it: all its rows lie in one part, and each number and each message id is unique as before (decision
// 36).
import { growingTables } from "./growing-tables.ts"
import { runStatements } from "./run-statements.ts"

// In the order of everybody else, and all of them before anything changes: whoever is in the middle of a turn
// is waited for with nothing in our hands. We give up before anybody is called deadlocked.
const locks = [
  `SET LOCAL lock_timeout = '800ms'`,
  `LOCK TABLE chat_sessions IN ACCESS EXCLUSIVE MODE`,
  `LOCK TABLE mitras IN SHARE ROW EXCLUSIVE MODE`,
  ...growingTables.map(({ name }) => `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`)
]

// Ids come from a sequence: an identity cannot be handed on to parts before PostgreSQL 17.
const numbering = [
  `CREATE SEQUENCE mitra_online_log_numbers`,
  `SELECT setval('mitra_online_log_numbers', coalesce(max(id), 0) + 1, false) FROM mitra_online_logs`,
  `ALTER TABLE mitra_online_logs ALTER COLUMN id DROP IDENTITY`,
  `ALTER TABLE mitra_online_logs ALTER COLUMN id SET DEFAULT nextval('mitra_online_log_numbers')`
]

/** Whoever might use the table may use what now has its name. */
const grantAsBefore = (name: string) =>
  `DO $$
  DECLARE held record;
  BEGIN
    FOR held IN SELECT a.privilege_type AS right, a.grantee FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.oid = '${name}_first'::regclass AND a.grantee <> c.relowner
    LOOP
      EXECUTE format('GRANT %s ON ${name} TO %s', held.right,
        CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(held.grantee)) END);
      IF held.right = 'INSERT' AND '${name}' = 'mitra_online_logs' AND held.grantee <> 0 THEN
        EXECUTE format('GRANT USAGE ON SEQUENCE mitra_online_log_numbers TO %I',
          pg_get_userbyid(held.grantee));
      END IF;
    END LOOP;
  END $$`

/** The first part has the bound of 0025, the second the month that begins there. */
const attachParts = (name: string, by: string) => {
  const time = by === "at" ? "bound::timestamptz" : "time_of_uuid(bound::uuid)"
  return `DO $$
  DECLARE
    bound text;
    month timestamp;
    next timestamptz;
  BEGIN
    SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']+)''') INTO STRICT bound
      FROM pg_constraint WHERE conname = '${name}_until' AND conrelid = '${name}_first'::regclass;
    month := ${time} AT TIME ZONE 'UTC';
    next := (month + interval '1 month') AT TIME ZONE 'UTC';
    EXECUTE format('ALTER TABLE ${name} ATTACH PARTITION ${name}_first FOR VALUES FROM (MINVALUE) TO (%L)',
      bound);
    EXECUTE format('CREATE TABLE %I PARTITION OF ${name} FOR VALUES FROM (%L) TO (%L)',
      '${name}' || to_char(month, '_FMYYYY_MM'), bound, ${by === "at" ? "next" : "first_uuid_at(next)"});
  END $$`
}

const inParts = (name: string, by: string, keys: ReadonlyArray<string>) => [
  `ALTER TABLE ${name} RENAME TO ${name}_first`,
  `DO $$
  DECLARE index record;
  BEGIN
    FOR index IN SELECT indexrelid::regclass::text AS name FROM pg_index
      WHERE indrelid = '${name}_first'::regclass
    LOOP
      EXECUTE format('ALTER INDEX %I RENAME TO %I', index.name, 'first_' || index.name);
    END LOOP;
  END $$`,
  `CREATE TABLE ${name} (LIKE ${name}_first INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (${by})`,
  `ALTER TABLE ${name} DROP CONSTRAINT ${name}_until`,
  ...keys,
  attachParts(name, by),
  `ALTER TABLE ${name}_first DROP CONSTRAINT ${name}_until`,
  `CREATE TABLE ${name}_rest PARTITION OF ${name} DEFAULT`,
  grantAsBefore(name)
]

const ofChats = `FOREIGN KEY (session_id) REFERENCES chat_sessions (id)`

const parts = [
  ...inParts("session_events", "session_id", [
    `ALTER TABLE session_events ADD PRIMARY KEY (session_id, seq)`,
    `ALTER TABLE session_events ADD CONSTRAINT session_events_session_id_fkey ${ofChats}`
  ]),
  ...inParts("messages", "session_id", [
    // Made from chance, and asked for by nobody: its own index is not worth its write.
    `ALTER TABLE messages_first DROP CONSTRAINT first_messages_message_id_key`,
    `ALTER TABLE messages ADD PRIMARY KEY (session_id, seq)`,
    `CREATE UNIQUE INDEX one_row_per_client_message
      ON messages (session_id, sender_id, client_message_id)`,
    `ALTER TABLE messages ADD CONSTRAINT messages_session_id_fkey ${ofChats}`
  ]),
  ...inParts("mitra_online_logs", "at", [
    `CREATE INDEX mitra_online_logs_by_mitra ON mitra_online_logs (mitra_id, id DESC)`,
    `ALTER TABLE mitra_online_logs ADD CONSTRAINT mitra_online_logs_mitra_id_fkey
      FOREIGN KEY (mitra_id) REFERENCES mitras (id)`
  ]),
  ...inParts("webhook_logs", "id", [
    `ALTER TABLE webhook_logs ADD PRIMARY KEY (id)`,
    `CREATE INDEX webhook_logs_by_age ON webhook_logs (received_at)`
  ])
]

export default runStatements([...locks, ...numbering, ...parts])
