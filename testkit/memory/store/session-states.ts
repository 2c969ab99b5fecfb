// How a session comes back from the in-memory store: its row, with what Postgres keeps in other tables.
import type { Assignment, Offer, SessionState } from "../../../src/domain/session/state.ts"
import { sessionStateOf } from "../../../src/layers/sessions/chat-sessions.table.ts"
import * as Pairing from "../../../src/layers/sessions/pairing.tables.ts"
import type { ChatSessionRow, OfferRow, Tables } from "./tables.ts"

const nameOf = (tables: Tables, mitraId: string): string => tables.mitras.get(mitraId)?.display_name ?? ""

export const offerOf = (tables: Tables, row: OfferRow): Offer =>
  Pairing.offerOf(row, nameOf(tables, row.mitra_id))

const offersOf = (tables: Tables, sessionId: string): ReadonlyArray<Offer> =>
  tables.chat_request_notifications.where("session", sessionId)
    .map((offer) => offerOf(tables, offer))

/** Oldest first: a session's rows are written in the order of their positions. */
const assignmentsOf = (tables: Tables, sessionId: string): ReadonlyArray<Assignment> => {
  const found: Array<Assignment> = []
  for (let position = 0;; position += 1) {
    const row = tables.mitra_assignments.get(`${sessionId}/${position}`)
    if (row === undefined) return found
    found.push(Pairing.assignmentOf(row, nameOf(tables, row.mitra_id)))
  }
}

export const stateOf = (tables: Tables, row: ChatSessionRow, options = { offers: true }): SessionState => {
  const { deadline_at: _deadline, owner_epoch: _epoch, owner_runner: _runner, ...session } = row
  return sessionStateOf(session, {
    customer_name: tables.customers.get(row.customer_id)?.call_name ?? "",
    mitra_name: row.mitra_id === null ? null : nameOf(tables, row.mitra_id),
    assignments: assignmentsOf(tables, row.id),
    offers: options.offers ? offersOf(tables, row.id) : []
  })
}
