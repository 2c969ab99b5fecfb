// Guards in SQL, broken one at a time in the text of the statements. Memory has no statement to break: these
// show only in worlds on a real PostgreSQL.
import type { Mutation } from "../server/mutation.ts"

type Broken = Omit<Mutation, "name">

const replacing = (says: string, statement: RegExp, text: RegExp | string, by: string): Broken => ({
  says,
  sql: (whole) => statement.test(whole) ? whole.replace(text, by) : whole
})

export const sqlMutants = {
  "sql-shared-epochs": replacing(
    "a runner that takes an actor over gets the epoch of the one before",
    /UPDATE (chat_sessions|mitra_status) SET owner_epoch/,
    "owner_epoch + 1",
    "greatest(owner_epoch, 1)"
  ),
  "sql-inclusive-resume": replacing(
    "a phone that resumes is sent what it has, by one comparison",
    /FROM (session_events|messages)[^]*seq > [^]*ORDER BY seq LIMIT/,
    /seq > /g,
    "seq >= "
  ),
  "sql-unordered-queue": replacing(
    "who has waited longest is asked last",
    /WITH idle AS MATERIALIZED/,
    /AND NOT EXISTS \(SELECT FROM mitra_slots x WHERE x\.mitra_id = s\.mitra_id\)/,
    ""
  ),
  "sql-crowded": replacing(
    "a mitra counts as free with one chat more than she may have",
    /WITH idle AS MATERIALIZED/,
    "used.sessions <",
    "used.sessions <="
  ),
  "sql-unlocked-accounts": replacing(
    "a turn reads accounts, mitras' states and payments without a lock",
    /FOR NO KEY UPDATE$/,
    /FOR NO KEY UPDATE$/,
    ""
  ),
  "sql-unlocked-tokens": replacing(
    "two who show one token at once both get a successor",
    /FROM auth_sessions WHERE refresh_hash = [^]*FOR UPDATE/,
    /FOR UPDATE$/,
    ""
  ),
  "sql-unlocked-payments": replacing(
    "a payment is confirmed by two notices at once",
    /FROM payment_requests [^]*FOR UPDATE$/,
    /FOR UPDATE$/,
    ""
  ),
  "sql-doubled-claims": replacing(
    "runners claim the same pushes and payments, without a lock between them",
    /FOR UPDATE SKIP LOCKED/,
    /FOR UPDATE SKIP LOCKED/g,
    ""
  )
} satisfies Record<string, Broken>
