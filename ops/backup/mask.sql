-- Run by masked-copy on a scratch copy, in the transaction that fills it. What names a person, what people said, and
-- what opens a door is replaced or gone; ids, times, amounts and numbers stay, so that plans and bugs do, too.
-- Every column with text is named here or listed as harmless in test/ops/masked-copy.integration.test.ts.
SET LOCAL statement_timeout = 0;

-- Doors: nobody is signed in, no phone can be pushed, no member of staff has a password.
TRUNCATE auth_sessions, one_time_codes, devices, test_numbers, encryption_keys, commands_seen;
TRUNCATE staff_sign_in_attempts, staff_second_factors, staff_proofs;
UPDATE staff SET email = 'staff-' || id || '@staging.invalid', password_hash = '!';

-- The log names people and quotes reasons; its chain stands for its entries.
ALTER TABLE audit_log DISABLE TRIGGER USER;
ALTER TABLE audit_chain DISABLE TRIGGER USER;
TRUNCATE audit_chain, audit_log;
ALTER TABLE audit_chain ENABLE TRIGGER USER;
ALTER TABLE audit_log ENABLE TRIGGER USER;

-- People. Phones of a range that no operator has.
UPDATE customers c SET call_name = 'Customer ' || n.number, phone_sealed = NULL, phone_mark = NULL, orders_begun = '{}',
  phone = CASE WHEN num_nonnulls(c.phone, c.phone_sealed) = 1 THEN '+62999' || lpad(n.number::text, 9, '0') END
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM customers) n WHERE n.id = c.id;
UPDATE mitras m SET display_name = 'Bestie ' || n.number, phone_sealed = NULL, phone_mark = NULL,
  phone = CASE WHEN num_nonnulls(m.phone, m.phone_sealed) = 1 THEN '+62998' || lpad(n.number::text, 9, '0') END
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM mitras) n WHERE n.id = m.id;

-- Months that were detached are no parts of their tables any more: what follows would not reach them.
DO $$
DECLARE part regclass;
BEGIN
  FOR part IN SELECT detached_parts(parent)
    FROM unnest(ARRAY['session_events', 'messages', 'mitra_online_logs', 'webhook_logs']) AS parent
  LOOP
    EXECUTE format('DROP TABLE %s', part);
  END LOOP;
END $$;
DELETE FROM detached_months;

-- What was said, as long as it was where that can be told.
UPDATE messages SET body = CASE WHEN body IS NULL THEN 'xxxxx' ELSE repeat('x', char_length(body)) END,
  body_sealed = NULL;
UPDATE session_events SET event = jsonb_set(event, '{text}', '"xxxxx"'), text_sealed = NULL
  WHERE type = 'GoodbyeLeft';
-- Names at any depth: an event of a blast names each mitra that was asked.
UPDATE session_events
  SET event = regexp_replace(event::text, '"(\w+)_name": "(\\.|[^"\\])*"', '"\1_name": "Bestie"', 'g')::jsonb
  WHERE event::text LIKE '%_name": "%';
UPDATE session_events SET event = jsonb_set(event, '{reason}', '"xxxxx"') WHERE type = 'Rerouted';
UPDATE chat_sessions SET
  customer_goodbye = CASE WHEN num_nonnulls(customer_goodbye, customer_goodbye_sealed) = 1 THEN 'xxxxx' END,
  mitra_goodbye = CASE WHEN num_nonnulls(mitra_goodbye, mitra_goodbye_sealed) = 1 THEN 'xxxxx' END,
  customer_goodbye_sealed = NULL, mitra_goodbye_sealed = NULL
  WHERE num_nonnulls(customer_goodbye, customer_goodbye_sealed, mitra_goodbye, mitra_goodbye_sealed) > 0;
UPDATE cases SET words = 'xxxxx', words_sealed = NULL, evidence = '[]', evidence_sealed = NULL;
UPDATE mitra_assignments SET reason = 'xxxxx' WHERE reason IS NOT NULL;
UPDATE reroute_proposals SET resolution = 'xxxxx' WHERE resolution IS NOT NULL;

-- Money: amounts stay, the provider's side of it goes.
UPDATE payment_requests SET checkout_url = 'https://staging.invalid/', provider_ref = NULL,
  anomaly_ref = CASE WHEN anomaly_ref IS NULL THEN NULL ELSE 'x' END,
  resolution_note = CASE WHEN resolution_note IS NULL THEN NULL ELSE 'x' END;
UPDATE webhook_logs SET headers = '{}', body = '{}';
UPDATE push_outbox SET last_error = NULL WHERE last_error IS NOT NULL;
TRUNCATE valkey_sightings;
