// Sessions in Postgres: opening, owning and reading one. The partial unique indexes decide what may be
// opened; the status lists are written out because only literals let those indexes be used.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Language } from "../../domain/matching.ts"
import { type SessionState, Topic } from "../../domain/session/state.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { firstEpoch, type Opened, type Opening, Sessions } from "../../services/sessions/sessions.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { allOf, BigCount, firstOf, timestamp } from "../platform/postgres/columns.ts"
import { insertRows } from "../platform/postgres/table.ts"
import { chatSessions, sessionRowOf } from "./chat-sessions.table.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { answered } from "../platform/postgres/failure.ts"
import { selectSessions, sessionStates } from "./session-rows.postgres.ts"
import { sentMessage } from "./transcript.postgres.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]
type Part<Key extends keyof Sessions["Service"]> = Pick<Sessions["Service"], Key>

// Each new try follows a conflict with a session that was over before it could be named.
const openTries = 5

const ids = allOf(Schema.Struct({ id: Schema.String }))
const epochOf = firstOf(Schema.Struct({ epoch: BigCount }))
const older = allOf(Schema.Struct({
  topic: Topic,
  language: Schema.NullOr(Language),
  requests: Schema.Int
}))

const paidSessions = allOf(Schema.Struct({ payment_id: Schema.String, id: Schema.String }))
const sessionsByPayment = (rows: unknown): Effect.Effect<ReadonlyMap<string, string>> =>
  Effect.map(paidSessions(rows), (decoded) => new Map(decoded.map((row) => [row.payment_id, row.id])))

/** Locked against giving the payment up: either that comes first and nothing is opened, or it sees this. */
const opened = insertRows(chatSessions, {
  beside: { owner_epoch: "$3::bigint", owner_runner: "$4::text" },
  from: ", payment_requests p",
  end: `WHERE p.id = $2::uuid AND p.status = 'confirmed' FOR SHARE OF p ON CONFLICT DO NOTHING RETURNING id`
})

const insert = (sql: Sql, state: SessionState, deadlineAt: number, { owner = null }: Opening) => {
  const nobodyLeft = { customer_goodbye_sealed: null, mitra_goodbye_sealed: null }
  const document = opened.document([{ ...sessionRowOf(state, deadlineAt), ...nobodyLeft }])
  return sql.unsafe(opened.text, [document, state.payment_id, owner === null ? 0 : firstEpoch, owner])
}

/** What is in the way of a new request: this very try, its payment's session, the customer's live one. */
const inTheWay = (sql: Sql, state: SessionState) =>
  Effect.gen(function*() {
    const tried = state.opened_by === null ? [] : yield* sql`SELECT id FROM chat_sessions
      WHERE payment_id = ${state.payment_id} AND opened_by = ${state.opened_by}`.pipe(Effect.flatMap(ids))
    if (tried[0] !== undefined) return { _tag: "Exists", session_id: tried[0].id } as const
    const same = yield* sql`SELECT id FROM chat_sessions WHERE payment_id = ${state.payment_id}
      AND status NOT IN ('cancelled', 'expired')`.pipe(Effect.flatMap(ids))
    if (same[0] !== undefined) return { _tag: "Exists", session_id: same[0].id } as const
    const live = yield* sql`SELECT id FROM chat_sessions WHERE customer_id = ${state.customer_id}
      AND status IN ('searching', 'pending_acceptance', 'active', 'extending')`.pipe(Effect.flatMap(ids))
    if (live[0] !== undefined) return { _tag: "AlreadyActive", session_id: live[0].id } as const
    const paid = yield* sql`SELECT id FROM payment_requests
      WHERE id = ${state.payment_id} AND status = 'confirmed'`.pipe(Effect.flatMap(ids))
    return paid[0] === undefined ? { _tag: "NotPaid" } as const : null
  })

/** With the audit entry of the staff member who opens it, if one does. */
const insertAudited = (sql: Sql, state: SessionState, deadlineAt: number, opening: Opening) => {
  const { audit } = opening
  const inserting = insert(sql, state, deadlineAt, opening)
  return audit === undefined ? inserting : inserting.pipe(
    Effect.tap((inserted) => inserted.length > 0 ? insertAuditEntry(sql, audit) : Effect.void),
    sql.withTransaction
  )
}

const open = (
  sql: Sql,
  state: SessionState,
  deadlineAt: number,
  opening: Opening,
  tries = openTries
): Effect.Effect<Opened, SqlError> =>
  Effect.gen(function*() {
    const inserted = yield* insertAudited(sql, state, deadlineAt, opening)
    if (inserted.length > 0) return { _tag: "Opened", session_id: state.id }
    const found = yield* inTheWay(sql, state)
    if (found !== null) return found
    if (tries > 1) return yield* open(sql, state, deadlineAt, opening, tries - 1)
    return yield* Effect.die(new Error(`session ${state.id} is neither new nor in anybody's way`))
  })

const one = (
  sql: Sql,
  cipher: Ciphers,
  sessionId: string
): Effect.Effect<SessionState | null, SqlError | Unavailable> =>
  sql`${selectSessions(sql, { offers: true })} WHERE s.id = ${sessionId}`.pipe(
    Effect.flatMap(sessionStates(cipher)),
    Effect.map((states) => states[0] ?? null)
  )

const owning = (
  sql: Sql,
  cipher: Ciphers
): Part<"open" | "claim" | "find" | "ofPayments"> => ({
  open: (state, deadlineAt, opening = {}) => answered(open(sql, state, deadlineAt, opening)),
  // Two statements on purpose: one that waited for the old owner's commit would return the row as it
  // is but the offers as they were. Once the epoch is committed no older owner can write.
  claim: (sessionId, runner) =>
    answered(Effect.gen(function*() {
      const owner =
        yield* sql`UPDATE chat_sessions SET owner_epoch = owner_epoch + 1, owner_runner = ${runner}
        WHERE id = ${sessionId} RETURNING owner_epoch AS epoch`.pipe(Effect.flatMap(epochOf))
      const state = owner === null ? null : yield* one(sql, cipher, sessionId)
      return owner === null || state === null ? null : { epoch: owner.epoch, state }
    })),
  find: (sessionId) => answered(one(sql, cipher, sessionId)),
  ofPayments: (paymentIds) =>
    sql`SELECT DISTINCT ON (payment_id) payment_id, id FROM chat_sessions
      WHERE payment_id = ANY(${paymentIds}::uuid[]) ORDER BY payment_id, requested_at DESC, id DESC`.pipe(
      Effect.flatMap(sessionsByPayment),
      answered
    )
})

const asked = (sql: Sql): Part<"pendingOfferSessionsOf" | "aheadOf"> => ({
  pendingOfferSessionsOf: (mitraId) =>
    sql`SELECT session_id AS id FROM chat_request_notifications
      WHERE mitra_id = ${mitraId} AND status = 'pending' ORDER BY session_id`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    ),
  aheadOf: ({ id, requested_at }, now, limit) =>
    sql`SELECT topic, language, count(*)::int AS requests FROM (
        SELECT topic, language FROM chat_sessions
        WHERE status IN ('searching', 'pending_acceptance') AND kind = 'blast'
          AND (requested_at, id) < (${timestamp(requested_at)}::timestamptz, ${id}::uuid)
          AND search_ends_at > ${timestamp(now)}
        ORDER BY requested_at, id LIMIT ${limit}) older
      GROUP BY topic, language ORDER BY topic, language NULLS FIRST`.pipe(Effect.flatMap(older), answered)
})

export const layer = Layer.effect(Sessions)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return Sessions.of({ ...owning(sql, cipher), ...asked(sql), ...sentMessage(sql, cipher) })
}))
