// The tables that only grow and are kept in parts by month, with the column that says the month: a time, or
// an id that begins with one (UUIDv7). In the order in which a group of turns locks them.
export const growingTables = [
  { name: "session_events", by: "session_id" },
  { name: "messages", by: "session_id" },
  { name: "mitra_online_logs", by: "at" },
  { name: "webhook_logs", by: "id" }
] as const
