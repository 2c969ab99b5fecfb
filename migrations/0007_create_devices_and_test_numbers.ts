// Devices that get pushes, and phones whose sign-in code staff choose. Accounts themselves are in 0001.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE TABLE devices (
    token text PRIMARY KEY CHECK (char_length(token) BETWEEN 1 AND 1000),
    platform text NOT NULL CHECK (platform IN ('android', 'ios')),
    user_type text NOT NULL CHECK (user_type IN ('customer', 'mitra')),
    user_id uuid NOT NULL,
    -- The family of the sign-in that registered it: pushes end with it.
    auth_session_id uuid NOT NULL,
    registered_at timestamptz NOT NULL
  )`,
  `CREATE INDEX devices_by_person ON devices (user_type, user_id, registered_at DESC)`,
  `CREATE TABLE test_numbers (
    phone text PRIMARY KEY CHECK (phone ~ '^\\+[1-9][0-9]{6,14}$'),
    code text NOT NULL CHECK (code ~ '^[0-9]{6}$'),
    updated_at timestamptz NOT NULL
  )`,
  // Whose anonymous accounts these are: for staff, and when a customer is asked to be forgotten.
  `CREATE INDEX customers_belonging ON customers (belongs_to) WHERE belongs_to IS NOT NULL`
])
