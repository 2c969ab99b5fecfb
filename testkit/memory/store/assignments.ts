// Whose chat it is and was, and the proposals to staff to give it to another, in the in-memory store.
// Part of journal-writes.ts.
import type { SessionWrite, TurnWrite } from "../../../src/services/journal/journal.ts"
import { assignmentRowOf } from "../../../src/layers/sessions/pairing.tables.ts"
import { holdReference } from "./constraints.ts"
import type { Tables } from "./tables.ts"

export const holdAssignments = (tables: Tables, { assignments, proposal }: SessionWrite): void => {
  for (const { by_staff_id, mitra_id } of assignments) {
    holdReference(tables.mitras, mitra_id, "mitra_assignments_mitra_id_fkey")
    holdReference(tables.staff, by_staff_id, "mitra_assignments_by_staff_id_fkey")
  }
  if (proposal?._tag !== "Close") return
  holdReference(tables.staff, proposal.staff_id, "reroute_proposals_decided_by_fkey")
}

export const writeAssignments = (tables: Tables, session_id: string, { assignments }: SessionWrite): void => {
  for (const { position, ...assignment } of assignments) {
    tables.mitra_assignments.set(
      `${session_id}/${position}`,
      assignmentRowOf(session_id, position, assignment)
    )
  }
}

export const writeProposal = (tables: Tables, turn: TurnWrite, { proposal }: SessionWrite): void => {
  if (proposal === null) return
  const session_id = turn.actor.id
  const open = tables.reroute_proposals.where("session", session_id).find((row) => row.status === "open")
  if (proposal._tag === "Open") {
    const { cause, id, mitra_id, since } = proposal
    tables.reroute_proposals.set(open?.id ?? id, {
      id: open?.id ?? id,
      session_id,
      mitra_id,
      cause,
      since,
      status: "open",
      created_at: open?.created_at ?? turn.at,
      decided_at: null,
      decided_by: null,
      resolution: null
    })
    return
  }
  if (open === undefined) return
  const { resolution, staff_id, status } = proposal
  const decided = { status, decided_at: turn.at, decided_by: staff_id, resolution }
  tables.reroute_proposals.set(open.id, { ...open, ...decided })
}
