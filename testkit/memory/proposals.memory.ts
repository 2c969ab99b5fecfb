// Proposals in memory: rows of the shared in-memory store, dismissed together with their audit entry.
// Part of session-oversight.memory.ts.
import * as Effect from "effect/Effect"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import type { Dismissed, Proposal, SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { appendEntry } from "./audit-log.memory.ts"
import type { ProposalRow, Tables } from "./store/tables.ts"

const proposalOf = (tables: Tables, row: ProposalRow): Proposal => {
  const session = tables.chat_sessions.get(row.session_id)
  return {
    ...row,
    session_status: session?.status ?? "completed",
    customer_name: tables.customers.get(session?.customer_id ?? "")?.call_name ?? "",
    mitra_name: tables.mitras.get(row.mitra_id)?.display_name ?? ""
  }
}

const dismiss = (tables: Tables, id: string, reason: string, entry: ChangeEntry): Dismissed => {
  const row = tables.reroute_proposals.get(id)
  if (row === undefined) return { _tag: "Unknown" }
  if (row.status !== "open") return { _tag: "Decided", proposal: proposalOf(tables, row) }
  const after = { status: "dismissed" as const, resolution: reason }
  appendEntry(tables, { ...entry, before: { status: row.status }, after })
  const dismissed = { ...row, ...after, decided_at: entry.at, decided_by: entry.staff_id }
  tables.reroute_proposals.set(id, dismissed)
  return { _tag: "Dismissed", proposal: proposalOf(tables, dismissed) }
}

export const proposals = (
  tables: Tables
): Pick<SessionOversight["Service"], "proposals" | "dismissProposal"> => ({
  proposals: ({ before, limit, status }) =>
    Effect.sync(() =>
      [...tables.reroute_proposals.values()]
        .filter((row) => (status === null || row.status === status) && (before === null || row.id < before))
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map((row) => proposalOf(tables, row))
    ),
  dismissProposal: (id, reason, entry) => Effect.sync(() => dismiss(tables, id, reason, entry))
})
