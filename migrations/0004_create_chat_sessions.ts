// Chat sessions and everything that hangs on one. The product's hard promises are constraints here:
// one open request or live session per customer, one session per payment, one winner, no mitra over
// capacity, one row per client message id, one number per event.
import { runStatements } from "./run-statements.ts"

const sessions = [
  `CREATE TABLE chat_sessions (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    payment_id uuid NOT NULL REFERENCES payment_requests (id),
    amount_idr integer NOT NULL CHECK (amount_idr >= 0),
    kind text NOT NULL CHECK (kind IN ('blast', 'targeted')),
    target_mitra_id uuid REFERENCES mitras (id),
    mode text NOT NULL CHECK (mode IN ('chat', 'call')),
    topic text NOT NULL CHECK (topic IN ('regular', 'sensitive')),
    status text NOT NULL CHECK (status IN ('searching', 'pending_acceptance', 'active', 'extending',
      'closing', 'completed', 'cancelled', 'expired')),
    mitra_id uuid REFERENCES mitras (id),
    requested_at timestamptz NOT NULL,
    search_ends_at timestamptz NOT NULL,
    next_wave_at timestamptz,
    wave integer NOT NULL DEFAULT 0 CHECK (wave >= 0),
    started_at timestamptz,
    ends_at timestamptz,
    warned_seconds integer,
    closing_ends_at timestamptz,
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('customer', 'mitra', 'staff', 'clock')),
    end_reason text,
    ledger jsonb NOT NULL,
    customer_goodbye text,
    mitra_goodbye text,
    customer_delivered_seq bigint NOT NULL DEFAULT 0,
    customer_read_seq bigint NOT NULL DEFAULT 0,
    mitra_delivered_seq bigint NOT NULL DEFAULT 0,
    mitra_read_seq bigint NOT NULL DEFAULT 0,
    last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    deadline_at timestamptz,
    owner_epoch bigint NOT NULL DEFAULT 0,
    owner_runner text,
    CHECK ((kind = 'targeted') = (target_mitra_id IS NOT NULL)),
    CHECK (search_ends_at > requested_at),
    CHECK (status NOT IN ('active', 'extending', 'closing', 'completed')
      OR (mitra_id IS NOT NULL AND started_at IS NOT NULL)),
    CHECK ((status = 'active') = (ends_at IS NOT NULL)),
    CHECK ((status = 'closing') = (closing_ends_at IS NOT NULL)),
    CHECK ((status IN ('completed', 'cancelled', 'expired')) = (ended_at IS NOT NULL)),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK ((status IN ('completed', 'cancelled', 'expired')) = (deadline_at IS NULL))
  )`,
  `CREATE UNIQUE INDEX one_live_session_per_customer ON chat_sessions (customer_id)
    WHERE status IN ('searching', 'pending_acceptance', 'active', 'extending')`,
  `CREATE UNIQUE INDEX one_session_per_payment ON chat_sessions (payment_id)
    WHERE status NOT IN ('cancelled', 'expired')`,
  // Any status: the payments sweep asks which confirmed payments never got a row at all.
  `CREATE INDEX chat_sessions_of_payment ON chat_sessions (payment_id)`,
  `CREATE INDEX chat_sessions_due ON chat_sessions (deadline_at) WHERE deadline_at IS NOT NULL`,
  `CREATE INDEX chat_sessions_of_mitra ON chat_sessions (mitra_id)
    WHERE status IN ('active', 'extending', 'closing')`,
  `CREATE INDEX chat_sessions_closing_of_customer ON chat_sessions (customer_id) WHERE status = 'closing'`,
  `CREATE INDEX chat_sessions_past_customer ON chat_sessions (customer_id, ended_at DESC, id DESC)
    WHERE ended_at IS NOT NULL`,
  `CREATE INDEX chat_sessions_past_mitra ON chat_sessions (mitra_id, ended_at DESC, id DESC)
    WHERE ended_at IS NOT NULL`
]

const pairing = [
  `CREATE TABLE chat_request_notifications (
    session_id uuid NOT NULL REFERENCES chat_sessions (id),
    mitra_id uuid NOT NULL REFERENCES mitras (id),
    position integer NOT NULL CHECK (position >= 0),
    status text NOT NULL CHECK (status IN ('pending', 'accepted', 'declined', 'missed', 'ignored')),
    ending text CHECK (ending IN ('taken', 'cancelled', 'expired', 'declined', 'withdrawn')),
    wave integer NOT NULL,
    sent_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    responded_at timestamptz,
    sessions_at_offer integer NOT NULL,
    PRIMARY KEY (session_id, mitra_id),
    CHECK (deadline_at > sent_at),
    CHECK ((status IN ('pending', 'accepted')) = (ending IS NULL))
  )`,
  `CREATE UNIQUE INDEX one_winner_per_session ON chat_request_notifications (session_id)
    WHERE status = 'accepted'`,
  `CREATE INDEX offers_pending_of_mitra ON chat_request_notifications (mitra_id) WHERE status = 'pending'`,
  `CREATE INDEX offers_of_mitra ON chat_request_notifications (mitra_id, session_id DESC)`,
  `CREATE TABLE mitra_slots (
    mitra_id uuid NOT NULL REFERENCES mitras (id),
    slot integer NOT NULL CHECK (slot BETWEEN 0 AND 31),
    session_id uuid NOT NULL UNIQUE REFERENCES chat_sessions (id),
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (mitra_id, slot)
  )`,
  `CREATE TABLE transactions (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES chat_sessions (id),
    payment_id uuid NOT NULL UNIQUE REFERENCES payment_requests (id),
    customer_id uuid NOT NULL REFERENCES customers (id),
    mitra_id uuid NOT NULL REFERENCES mitras (id),
    product text NOT NULL CHECK (product IN ('chat_session', 'extension')),
    amount_idr integer NOT NULL CHECK (amount_idr >= 0),
    at timestamptz NOT NULL
  )`
]

const traffic = [
  `CREATE TABLE messages (
    session_id uuid NOT NULL REFERENCES chat_sessions (id),
    seq bigint NOT NULL CHECK (seq > 0),
    message_id uuid NOT NULL UNIQUE,
    client_message_id text NOT NULL CHECK (char_length(client_message_id) BETWEEN 1 AND 64),
    side text NOT NULL CHECK (side IN ('customer', 'mitra')),
    sender_id uuid NOT NULL,
    body text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 4000),
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, seq)
  )`,
  `CREATE UNIQUE INDEX one_row_per_client_message ON messages (session_id, sender_id, client_message_id)`,
  `CREATE TABLE session_events (
    session_id uuid NOT NULL REFERENCES chat_sessions (id),
    seq bigint NOT NULL CHECK (seq > 0),
    type text NOT NULL,
    event jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (session_id, seq)
  )`,
  `CREATE TABLE commands_seen (
    actor_id uuid NOT NULL,
    sender_id text NOT NULL,
    command_id text NOT NULL CHECK (char_length(command_id) BETWEEN 1 AND 64),
    outcome jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (actor_id, sender_id, command_id)
  )`,
  `CREATE TABLE push_outbox (
    id uuid PRIMARY KEY,
    user_type text NOT NULL CHECK (user_type IN ('customer', 'mitra')),
    user_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('offer', 'paired', 'message', 'extension', 'closing')),
    session_id uuid NOT NULL REFERENCES chat_sessions (id),
    status text NOT NULL DEFAULT 'pending'
      CHECK (status IN ('pending', 'sent', 'cancelled', 'expired', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX push_outbox_pending ON push_outbox (created_at) WHERE status = 'pending'`,
  `CREATE INDEX push_outbox_offers ON push_outbox (session_id, user_id)
    WHERE status = 'pending' AND kind = 'offer'`
]

export default runStatements([...sessions, ...pairing, ...traffic])
