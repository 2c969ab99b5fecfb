// The statements that write whose chat it is and was, and the proposals to give it to another. Part of
// journal-writes.ts.
import type * as SqlClient from "effect/sql/SqlClient"
import { unlessEmpty } from "../platform/postgres/document.ts"
import type { Rows } from "./rows.postgres.ts"

type Sql = SqlClient.SqlClient

// In the order of the document: the one that ends is written before the one that begins.
export const upsertAssignments = (sql: Sql, { assignments }: Rows) =>
  unlessEmpty(
    assignments,
    (rows) =>
      sql`INSERT INTO mitra_assignments (session_id, position, mitra_id, started_at, ended_at, by_staff_id,
        reason, left_seq, left_topic, left_purchased_ms)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(session_id uuid, position integer, mitra_id uuid,
        started_at timestamptz, ended_at timestamptz, by_staff_id uuid, reason text, left_seq bigint,
        left_topic text, left_purchased_ms bigint)
      ON CONFLICT (session_id, position) DO UPDATE SET ended_at = excluded.ended_at,
        left_seq = excluded.left_seq, left_topic = excluded.left_topic,
        left_purchased_ms = excluded.left_purchased_ms`
  )

export const openProposals = (sql: Sql, { proposed }: Rows) =>
  unlessEmpty(
    proposed,
    (rows) =>
      sql`INSERT INTO reroute_proposals (id, session_id, mitra_id, cause, since, created_at)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(id uuid, session_id uuid, mitra_id uuid, cause text,
        since timestamptz, created_at timestamptz)
      ON CONFLICT (session_id) WHERE status = 'open' DO UPDATE SET mitra_id = excluded.mitra_id,
        cause = excluded.cause, since = excluded.since`
  )

export const closeProposals = (sql: Sql, { decided }: Rows) =>
  unlessEmpty(
    decided,
    (rows) =>
      sql`UPDATE reroute_proposals p SET status = r.status, decided_at = r.decided_at,
        decided_by = r.decided_by, resolution = r.resolution
      FROM json_to_recordset(${rows}::json) AS r(session_id uuid, status text, decided_at timestamptz,
        decided_by uuid, resolution text)
      WHERE p.session_id = r.session_id AND p.status = 'open'`
  )
