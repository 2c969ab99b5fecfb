// Room for sealed message bodies, goodbyes and phones beside the plain ones: a text is in exactly one of the
// two columns, and a sealed phone is found by its mark. The keys that sealed something are on record.
import { runStatements } from "./run-statements.ts"

const texts = [
  `ALTER TABLE messages
    ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN body_sealed text CHECK (octet_length(body_sealed) <= 24000),
    ADD CHECK (num_nonnulls(body, body_sealed) = 1)`,
  `ALTER TABLE session_events
    ADD COLUMN text_sealed text,
    ADD CHECK (text_sealed IS NULL OR (type = 'GoodbyeLeft' AND event->>'text' IS NULL))`,
  `ALTER TABLE chat_sessions
    ADD COLUMN customer_goodbye_sealed text,
    ADD COLUMN mitra_goodbye_sealed text,
    ADD CHECK (num_nonnulls(customer_goodbye, customer_goodbye_sealed) <= 1),
    ADD CHECK (num_nonnulls(mitra_goodbye, mitra_goodbye_sealed) <= 1)`
]

const phones = [
  `ALTER TABLE customers
    ADD COLUMN phone_sealed text,
    ADD COLUMN phone_mark text UNIQUE,
    ADD CHECK (num_nonnulls(phone, phone_sealed) <= 1),
    ADD CHECK ((phone_sealed IS NULL) = (phone_mark IS NULL))`,
  `ALTER TABLE mitras
    ALTER COLUMN phone DROP NOT NULL,
    ADD COLUMN phone_sealed text,
    ADD COLUMN phone_mark text UNIQUE,
    ADD CHECK (num_nonnulls(phone, phone_sealed) = 1),
    ADD CHECK ((phone_sealed IS NULL) = (phone_mark IS NULL))`,
  `ALTER TABLE one_time_codes
    ALTER COLUMN phone DROP NOT NULL,
    ADD COLUMN phone_sealed text,
    ADD COLUMN phone_mark text,
    ADD CHECK (num_nonnulls(phone, phone_sealed) = 1),
    ADD CHECK ((phone_sealed IS NULL) = (phone_mark IS NULL))`,
  `CREATE INDEX one_time_codes_by_phone_mark ON one_time_codes (phone_mark, created_at DESC)
    WHERE phone_mark IS NOT NULL`,
  // A sealed phone is no key: it is different each time it is sealed.
  `ALTER TABLE test_numbers
    DROP CONSTRAINT test_numbers_pkey,
    ALTER COLUMN phone DROP NOT NULL,
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    ADD COLUMN phone_sealed text,
    ADD COLUMN phone_mark text UNIQUE,
    ADD CONSTRAINT test_numbers_phone_key UNIQUE (phone),
    ADD CHECK (num_nonnulls(phone, phone_sealed) = 1),
    ADD CHECK ((phone_sealed IS NULL) = (phone_mark IS NULL))`,
  `ALTER TABLE test_numbers ALTER COLUMN id DROP DEFAULT`
]

// Whoever seals writes its key down first, with a text only that key opens: a start without it, or with
// another key of the same name, is refused before the first row cannot be read.
const keys = [
  `CREATE TABLE encryption_keys (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
    proof text NOT NULL,
    first_used_at timestamptz NOT NULL
  )`
]

// The log can never be re-written, so it does not name whole phones, from now on and looking back: entries
// that do would stay readable for ever. The owner of the tables does this once; the trigger is back at once.
const masked = (text: string) => `left(${text}, 3) || '***' || right(${text}, 3)`
const isPhone = (text: string) => `${text} ~ '^\\+[1-9][0-9]{6,14}$'`

const audit = [
  `ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only`,
  `UPDATE audit_log SET target_id = ${masked("target_id")}
    WHERE target_type = 'test_number' AND ${isPhone("target_id")}`,
  `UPDATE audit_log SET after = jsonb_set(after, '{phone}', to_jsonb(${masked("(after->>'phone')")}))
    WHERE action = 'mitra.create' AND ${isPhone("(after->>'phone')")}`,
  `ALTER TABLE audit_log ENABLE TRIGGER audit_log_append_only`
]

export default runStatements([...texts, ...phones, ...keys, ...audit])
