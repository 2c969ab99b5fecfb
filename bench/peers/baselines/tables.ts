// The baselines' tables: what is needed to find a chat, an offer and a message again, and no constraint that
// costs more than it must.

export const baselineTables = `
  CREATE TABLE webhook_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE payments (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL,
    amount_idr integer NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE chats (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    mitra_id uuid,
    status text NOT NULL DEFAULT 'pending',
    customer_delivered bigint NOT NULL DEFAULT 0,
    customer_read bigint NOT NULL DEFAULT 0,
    mitra_delivered bigint NOT NULL DEFAULT 0,
    mitra_read bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz
  );
  CREATE INDEX chats_of_customer ON chats (customer_id) WHERE ended_at IS NULL;
  CREATE INDEX chats_of_mitra ON chats (mitra_id) WHERE ended_at IS NULL;
  CREATE TABLE offers (
    chat_id uuid NOT NULL,
    mitra_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    sent_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, mitra_id)
  );
  CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id uuid NOT NULL,
    side text NOT NULL,
    client_message_id text NOT NULL,
    body text NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX messages_by_chat ON messages (chat_id, id);
`
