// Customers, mitras, staff, their auth sessions and one-time codes. All times are TIMESTAMPTZ, all
// ids are UUIDv7 made by the server.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE TABLE customers (
    id uuid PRIMARY KEY,
    call_name text NOT NULL CHECK (char_length(call_name) BETWEEN 1 AND 40),
    phone text UNIQUE CHECK (phone ~ '^\\+[1-9][0-9]{6,14}$'),
    belongs_to uuid REFERENCES customers (id),
    created_at timestamptz NOT NULL,
    CHECK (belongs_to IS DISTINCT FROM id)
  )`,
  `CREATE TABLE mitras (
    id uuid PRIMARY KEY,
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 40),
    phone text NOT NULL UNIQUE CHECK (phone ~ '^\\+[1-9][0-9]{6,14}$'),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    deactivated_at timestamptz
  )`,
  `CREATE TABLE mitra_status (
    mitra_id uuid PRIMARY KEY REFERENCES mitras (id),
    is_online boolean NOT NULL DEFAULT false,
    online_since timestamptz,
    last_heartbeat_at timestamptz,
    last_offer_at timestamptz,
    owner_epoch bigint NOT NULL DEFAULT 0,
    owner_runner text,
    CHECK (is_online = (online_since IS NOT NULL))
  )`,
  // The order in which idle mitras are asked. Nothing indexes last_heartbeat_at: it changes with every
  // ping, and without an index those updates stay inside their page (measured: half the cost).
  `CREATE INDEX mitra_status_online ON mitra_status (last_offer_at NULLS FIRST, online_since, mitra_id)
    WHERE is_online`,
  `CREATE TABLE mitra_online_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mitra_id uuid NOT NULL REFERENCES mitras (id),
    is_online boolean NOT NULL,
    cause text NOT NULL CHECK (cause IN ('toggle', 'stale_heartbeat', 'forced', 'deactivated')),
    at timestamptz NOT NULL
  )`,
  `CREATE INDEX mitra_online_logs_by_mitra ON mitra_online_logs (mitra_id, id DESC)`,
  `CREATE TABLE staff (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
    is_active boolean NOT NULL DEFAULT true,
    failed_attempts integer NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0),
    locked_until timestamptz,
    created_at timestamptz NOT NULL
  )`,
  `CREATE UNIQUE INDEX staff_email ON staff (lower(email))`,
  `CREATE TABLE auth_sessions (
    id uuid PRIMARY KEY,
    family_id uuid NOT NULL,
    user_type text NOT NULL CHECK (user_type IN ('customer', 'mitra', 'staff')),
    user_id uuid NOT NULL,
    refresh_hash text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    rotated_at timestamptz,
    revoked_at timestamptz,
    revoked_reason text,
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
  )`,
  `CREATE INDEX auth_sessions_family ON auth_sessions (family_id)`,
  // Only revoked rows: "was this family revoked" stays cheap however many rows a family has.
  `CREATE INDEX auth_sessions_revoked ON auth_sessions (family_id) WHERE revoked_at IS NOT NULL`,
  `CREATE INDEX auth_sessions_live ON auth_sessions (user_type, user_id) WHERE revoked_at IS NULL`,
  `CREATE TABLE one_time_codes (
    id uuid PRIMARY KEY,
    phone text NOT NULL CHECK (phone ~ '^\\+[1-9][0-9]{6,14}$'),
    user_type text NOT NULL CHECK (user_type IN ('customer', 'mitra')),
    code_hash text NOT NULL,
    ip text NOT NULL,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
  )`,
  `CREATE INDEX one_time_codes_by_phone ON one_time_codes (phone, created_at DESC)`,
  `CREATE INDEX one_time_codes_by_ip ON one_time_codes (ip, created_at DESC)`
])
