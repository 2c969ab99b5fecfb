// Settings staff may change, with their history in the audit log. The log is append-only by trigger:
// not even our own code can rewrite it.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE TABLE settings (
    key text PRIMARY KEY,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    staff_id uuid NOT NULL REFERENCES staff (id),
    action text NOT NULL,
    target_type text NOT NULL,
    target_id text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    peer text NOT NULL,
    at timestamptz NOT NULL
  )`,
  `CREATE INDEX audit_log_by_target ON audit_log (target_type, target_id, id DESC)`,
  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$`,
  `CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`
])
