// Advisory locks, for rules that count rows which do not exist yet. Held to the end of the
// transaction. A statement's snapshot is older than the locks it waits for, so the counting must be
// a later statement. Always taken in the order of this list, so that two holders never wait in a ring.
import * as SqlClient from "effect/sql/SqlClient"

// First halves of the two-integer key: "HB" and a number, away from the cluster's own locks.
const kinds = {
  person: 0x48420001,
  code_phone: 0x48420002,
  code_ip: 0x48420003,
  customer_phone: 0x48420004,
  staff: 0x48420005,
  mitra_phone: 0x48420006
} as const

export type LockKind = keyof typeof kinds

/** Waits at most lock_timeout. Different names may share a lock (it is a hash); that only costs time. */
export const lockFor = (sql: SqlClient.SqlClient, kind: LockKind, name: string) =>
  sql`SELECT pg_advisory_xact_lock(${kinds[kind]}::int, hashtext(${name}))`
