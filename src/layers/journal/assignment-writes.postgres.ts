// The writes of whose chat it is and was, and of the proposals to give it to another. Part of
// writes.postgres.ts.
import { insertRows, upsertRows } from "../platform/postgres/table.ts"
import { assignments as assignmentsTable, rerouteProposals } from "../sessions/pairing.tables.ts"
import { writing, writingBy } from "./writes-together.postgres.ts"

// A session's open proposal gets the new cause; its id and its age stay.
const proposedRows = insertRows(rerouteProposals, {
  end: `ON CONFLICT (session_id) WHERE status = 'open' DO UPDATE SET mitra_id = excluded.mitra_id,
    cause = excluded.cause, since = excluded.since`
})

// In the order of the document: the one that ends is written before the one that begins.
export const upsertAssignments = writing(
  "assignments",
  upsertRows(assignmentsTable),
  ({ assignments }) => assignments
)

export const openProposals = writing("proposals", proposedRows, ({ proposed }) => proposed)

export const closeProposals = writingBy(
  "proposals",
  `UPDATE reroute_proposals p SET status = r.status, decided_at = r.decided_at,
      decided_by = r.decided_by, resolution = r.resolution
    FROM json_to_recordset($1::json) AS r(session_id uuid, status text, decided_at timestamptz,
      decided_by uuid, resolution text)
    WHERE p.session_id = r.session_id AND p.status = 'open'`,
  ({ decided }) => decided
)
