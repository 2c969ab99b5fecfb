// The push outbox of the in-memory store: what turns write into it, and which rows are still of use, as
// Postgres has them.
import type { SessionWrite, TurnWrite } from "../../../src/services/journal/journal.ts"
import {
  openPushStatuses,
  type OutboxEntry,
  type PushOutcome
} from "../../../src/services/push/push-outbox.ts"
import type { PushRow, Tables } from "./tables.ts"

export const openRows = (tables: Tables): ReadonlyArray<PushRow> =>
  openPushStatuses.flatMap((status) => tables.push_outbox.where("status", status))

export const newPush = (push: OutboxEntry, created_at: number): PushRow => ({
  ...push,
  status: "pending",
  attempts: 0,
  claims: 0,
  created_at,
  last_error: null,
  finished_at: null
})

const isSamePerson = (a: PushRow, b: Pick<PushRow, "session_id" | "user_id" | "kind">): boolean =>
  a.session_id === b.session_id && a.user_id === b.user_id && a.kind === b.kind

export const writePush = (tables: Tables, turn: TurnWrite, session: SessionWrite): void => {
  for (const push of session.push) {
    const rows = push.kind === "message" ? tables.push_outbox.where("open", push.session_id) : []
    if (rows.some((row) => row.status === "pending" && isSamePerson(row, push))) continue
    tables.push_outbox.set(push.id, newPush({ ...push, auth_session_id: null }, turn.at))
  }
  const over = new Set(session.cancels_offer_push_of)
  if (over.size === 0) return
  for (const push of tables.push_outbox.where("open", turn.actor.id)) {
    if (!over.has(push.user_id) || push.kind !== "offer") continue
    tables.push_outbox.set(push.id, { ...push, status: "cancelled", finished_at: turn.at })
  }
}

/** True when another person than the reader wrote something that did not reach the reader. */
const hasUndelivered = (tables: Tables, push: PushRow, deliveredSeq: number, lastSeq: number): boolean => {
  for (let seq = deliveredSeq + 1; seq <= lastSeq; seq += 1) {
    const message = tables.messages.get(`${push.session_id}/${seq}`)
    if (message !== undefined && message.side !== push.user_type) return true
  }
  return false
}

export const isWanted = (tables: Tables, push: PushRow): boolean => {
  if (push.kind === "sign_in") {
    const family = tables.auth_sessions.where("family", push.auth_session_id ?? "")
    return family.length > 0 && family.every(({ revoked_at }) => revoked_at === null)
  }
  if (push.kind === "offer") {
    const offer = tables.chat_request_notifications.get(`${push.session_id}/${push.user_id}`)
    return offer?.status === "pending"
  }
  const session = tables.chat_sessions.get(push.session_id ?? "")
  if (session === undefined) return false
  if (push.user_id !== session.customer_id && push.user_id !== session.mitra_id) return false
  switch (push.kind) {
    case "paired":
      return session.status === "active" || session.status === "extending"
    case "extension":
      return session.status === "extending"
    case "closing":
      return session.status === "closing"
    case "message":
      return hasUndelivered(tables, push, session[`${push.user_type}_delivered_seq`], session.last_seq)
  }
}

/** A newer row that waits tells the same. */
export const isSuperseded = (tables: Tables, push: PushRow): boolean =>
  push.kind === "message" && push.session_id !== null &&
  tables.push_outbox.where("open", push.session_id).some((row) =>
    row.id > push.id && isSamePerson(row, push) && (row.status === "pending" || row.status === "retrying")
  )

/** The row with the outcome of its claim. */
export const finished = (row: PushRow, outcome: PushOutcome, now: number): PushRow => {
  switch (outcome._tag) {
    case "Sent":
      return { ...row, status: "sent", last_error: null, finished_at: now }
    case "Skipped":
      return { ...row, status: "skipped", last_error: outcome.reason, finished_at: now }
    case "Expired":
      return { ...row, status: "expired", last_error: null, finished_at: now }
    case "Over":
      return { ...row, status: "cancelled", last_error: null, finished_at: now }
    case "Waiting":
      return { ...row, status: "retrying", last_error: null, due_at: outcome.due_at }
    case "Retry":
      return {
        ...row,
        status: "retrying",
        attempts: row.attempts + 1,
        last_error: outcome.code,
        due_at: outcome.due_at
      }
    case "Dead":
      return {
        ...row,
        status: "dead",
        attempts: row.attempts + 1,
        last_error: outcome.code,
        finished_at: now
      }
  }
}
