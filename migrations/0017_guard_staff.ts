// What guards the control center: wrong passwords counted per account and address, second factors, when a
// sign-in last proved who is there, and the chain that shows whether the audit log was rewritten.
import { runStatements } from "./run-statements.ts"

/** Of one entry, as it is hashed; src/layers/accounts/audit-chain.postgres.ts takes it from the rows. */
const content = (row: string) =>
  `jsonb_build_array(${row}.id, ${row}.staff_id, ${row}.action, ${row}.target_type, ${row}.target_id,
    ${row}.before, ${row}.after, ${row}.peer, (extract(epoch FROM ${row}.at) * 1000000)::bigint)::text`

export default runStatements([
  // who: a hash of the email that was given, whether somebody has it or not.
  `CREATE TABLE staff_sign_in_attempts (
    who text NOT NULL,
    network text NOT NULL,
    attempts integer NOT NULL CHECK (attempts > 0),
    began_at timestamptz NOT NULL,
    PRIMARY KEY (who, network)
  )`,
  `CREATE INDEX staff_sign_in_attempts_by_age ON staff_sign_in_attempts (began_at)`,
  `CREATE TABLE staff_second_factors (
    staff_id uuid PRIMARY KEY REFERENCES staff (id),
    secret text,
    secret_sealed text,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,
    recovery_hashes text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    CHECK ((secret IS NULL) <> (secret_sealed IS NULL))
  )`,
  `CREATE TABLE staff_proofs (
    auth_session_id uuid PRIMARY KEY,
    proved_at timestamptz NOT NULL
  )`,
  `CREATE INDEX staff_proofs_by_age ON staff_proofs (proved_at)`,
  `CREATE TABLE audit_chain (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    entry_id uuid NOT NULL UNIQUE REFERENCES audit_log (id),
    hash text NOT NULL
  )`,
  `CREATE TRIGGER audit_chain_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  // As its owner, because whoever serves may not write the chain. One transaction at a time, from here to its
  // commit; deferred, so that nothing else is locked after it and nobody waits in a circle.
  `CREATE FUNCTION chain_audit_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    DECLARE last_seq bigint; last_hash text;
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtextextended('halobestie audit chain', 0));
      SELECT seq, hash INTO last_seq, last_hash FROM audit_chain ORDER BY seq DESC LIMIT 1;
      INSERT INTO audit_chain (seq, entry_id, hash) VALUES (coalesce(last_seq, 0) + 1, NEW.id,
        encode(sha256(convert_to(coalesce(last_hash, '') || ${content("NEW")}, 'UTF8')), 'hex'));
      RETURN NULL;
    END $$`,
  `CREATE CONSTRAINT TRIGGER audit_log_chained AFTER INSERT ON audit_log
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_audit_entry()`,
  // Entries of before, in the order of their ids.
  `DO $$
    DECLARE entry audit_log; n bigint := 0; last_hash text := '';
    BEGIN
      FOR entry IN SELECT * FROM audit_log ORDER BY id LOOP
        n := n + 1;
        last_hash := encode(sha256(convert_to(last_hash || ${content("entry")}, 'UTF8')), 'hex');
        INSERT INTO audit_chain (seq, entry_id, hash) VALUES (n, entry.id, last_hash);
      END LOOP;
    END $$`
])
