// Sessions in Postgres: opening, owning and reading. The partial unique indexes decide what may be
// opened; the status lists are written out because only literals let those indexes be used.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { SessionState, Side } from "../../domain/session/state.ts"
import type { AuditEntry } from "../../services/accounts/audit.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { type Opened, Sessions } from "../../services/sessions/sessions.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { allOf, BigCount, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { insertRows } from "../platform/postgres/table.ts"
import { chatSessions, sessionRowOf } from "./chat-sessions.table.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { answered } from "../platform/postgres/failure.ts"
import { offeredRequests, selectOffered, selectSessions, sessionStates } from "./session-rows.postgres.ts"
import { oversight } from "./oversight.postgres.ts"
import { pastSessions } from "./past.postgres.ts"
import { story } from "./transcript.postgres.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]
type Part<Key extends keyof Sessions["Service"]> = Pick<Sessions["Service"], Key>

const liveAtMost = 50
const openOffersAtMost = 200
// Each new try follows a conflict with a session that was over before it could be named.
const openTries = 5

const ids = allOf(Schema.Struct({ id: Schema.String }))
const epochOf = firstOf(Schema.Struct({ epoch: BigCount }))
const ownerOf = firstOf(Schema.Struct({ runner: Schema.NullOr(Schema.String), epoch: BigCount }))
const countsOf = firstOf(Schema.Struct({ waiting: BigCount, active: BigCount, closing: BigCount }))

const aheadOf = firstOf(Schema.Struct({ ahead: BigCount }))
const endOf = firstOf(Schema.Struct({ ends_at: Millis }))

const paidSessions = allOf(Schema.Struct({ payment_id: Schema.String, id: Schema.String }))
const sessionsByPayment = (rows: unknown): Effect.Effect<ReadonlyMap<string, string>> =>
  Effect.map(paidSessions(rows), (decoded) => new Map(decoded.map((row) => [row.payment_id, row.id])))

/** Locked against giving the payment up: either that comes first and nothing is opened, or it sees this. */
const opened = insertRows(chatSessions, {
  from: ", payment_requests p",
  end: `WHERE p.id = $2::uuid AND p.status = 'confirmed' FOR SHARE OF p ON CONFLICT DO NOTHING RETURNING id`
})

const insert = (sql: Sql, state: SessionState, deadlineAt: number) => {
  const nobodyLeft = { customer_goodbye_sealed: null, mitra_goodbye_sealed: null }
  const document = opened.document([{ ...sessionRowOf(state, deadlineAt), ...nobodyLeft }])
  return sql.unsafe(opened.text, [document, state.payment_id])
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
const insertAudited = (sql: Sql, state: SessionState, deadlineAt: number, audit: AuditEntry | undefined) =>
  audit === undefined ? insert(sql, state, deadlineAt) : sql.withTransaction(Effect.gen(function*() {
    const inserted = yield* insert(sql, state, deadlineAt)
    if (inserted.length > 0) yield* insertAuditEntry(sql, audit)
    return inserted
  }))

const open = (
  sql: Sql,
  state: SessionState,
  deadlineAt: number,
  audit: AuditEntry | undefined,
  tries = openTries
): Effect.Effect<Opened, SqlError> =>
  Effect.gen(function*() {
    const inserted = yield* insertAudited(sql, state, deadlineAt, audit)
    if (inserted.length > 0) return { _tag: "Opened", session_id: state.id }
    const found = yield* inTheWay(sql, state)
    if (found !== null) return found
    if (tries > 1) return yield* open(sql, state, deadlineAt, audit, tries - 1)
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

const owning = (sql: Sql, cipher: Ciphers): Part<"open" | "claim" | "find" | "ofPayments" | "ownerOf"> => ({
  open: (state, deadlineAt, audit) => answered(open(sql, state, deadlineAt, audit)),
  // Two statements on purpose: one that waited for the old owner's commit would return the row as it
  // is but the offers as they were. Once the epoch is committed nobody older can write.
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
    ),
  ownerOf: (sessionId) =>
    sql`SELECT owner_runner AS runner, owner_epoch AS epoch FROM chat_sessions WHERE id = ${sessionId}`.pipe(
      Effect.flatMap(ownerOf),
      answered
    )
})

// Each arm of the OR is one partial index.
const liveWhere = (sql: Sql, side: Side, userId: string) =>
  side === "customer"
    ? sql`(s.customer_id = ${userId}
        AND s.status IN ('searching', 'pending_acceptance', 'active', 'extending'))
        OR (s.customer_id = ${userId} AND s.status = 'closing')`
    : sql`s.mitra_id = ${userId} AND s.status IN ('active', 'extending', 'closing')`

const personal = (sql: Sql, cipher: Ciphers): Part<"liveOf"> => ({
  liveOf: (side, userId) =>
    sql`${selectSessions(sql, { offers: true })} WHERE ${liveWhere(sql, side, userId)}
      ORDER BY s.requested_at, s.id LIMIT ${liveAtMost}`.pipe(Effect.flatMap(sessionStates(cipher)), answered)
})

const offers = (sql: Sql): Part<"openOffersOf" | "recentOffersOf" | "pendingOfferSessionsOf"> => ({
  openOffersOf: (mitraId, now) =>
    sql`${selectOffered(sql)} WHERE o.mitra_id = ${mitraId} AND o.status = 'pending'
        AND o.deadline_at > ${timestamp(now)}
      ORDER BY o.sent_at, o.session_id LIMIT ${openOffersAtMost}`.pipe(
      Effect.flatMap(offeredRequests),
      answered
    ),
  recentOffersOf: (mitraId, { before, limit }) =>
    sql`${selectOffered(sql)} WHERE o.mitra_id = ${mitraId}
        ${before === null ? sql`` : sql`AND o.session_id < ${before}::uuid`}
      ORDER BY o.session_id DESC LIMIT ${limit}`.pipe(Effect.flatMap(offeredRequests), answered),
  pendingOfferSessionsOf: (mitraId) =>
    sql`SELECT session_id AS id FROM chat_request_notifications
      WHERE mitra_id = ${mitraId} AND status = 'pending' ORDER BY session_id`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    )
})

const line = (sql: Sql): Part<"waiting" | "aheadOf" | "nthEnd" | "haveMet"> => ({
  waiting: (now, limit) =>
    sql`SELECT id FROM chat_sessions
      WHERE status IN ('searching', 'pending_acceptance') AND kind = 'blast' AND status = 'searching'
        AND search_ends_at > ${timestamp(now)}
      ORDER BY requested_at, id LIMIT ${limit}`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    ),
  aheadOf: ({ id, requested_at }, now, limit) =>
    sql`SELECT count(*) AS ahead FROM (
        SELECT FROM chat_sessions WHERE status IN ('searching', 'pending_acceptance') AND kind = 'blast'
          AND (requested_at, id) < (${timestamp(requested_at)}::timestamptz, ${id}::uuid)
          AND search_ends_at > ${timestamp(now)}
        LIMIT ${limit}) older`.pipe(
      Effect.flatMap(aheadOf),
      Effect.map((row) => row?.ahead ?? 0),
      answered
    ),
  nthEnd: (nth) =>
    sql`SELECT ends_at FROM chat_sessions WHERE status = 'active'
      ORDER BY ends_at LIMIT 1 OFFSET ${nth - 1}`.pipe(
      Effect.flatMap(endOf),
      Effect.map((row) => row?.ends_at ?? null),
      answered
    ),
  // Each arm is one of the customer's own indexes. Whoever handed the chat over has met the customer, too.
  haveMet: (customerId, mitraId) =>
    sql`SELECT s.id FROM chat_sessions s WHERE ((s.customer_id = ${customerId} AND s.ended_at IS NOT NULL)
          OR (s.customer_id = ${customerId} AND s.status = 'closing'))
        AND EXISTS (SELECT FROM mitra_assignments a WHERE a.session_id = s.id AND a.mitra_id = ${mitraId})
      LIMIT 1`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.length > 0),
      answered
    )
})

const overview = (sql: Sql): Part<"due" | "counts"> => ({
  due: (horizon, limit) =>
    sql`SELECT id FROM chat_sessions WHERE deadline_at <= ${timestamp(horizon)}
      ORDER BY deadline_at, id LIMIT ${limit}`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    ),
  // Whatever still has a deadline is alive: the index of deadlines bounds the count to those.
  counts: sql`SELECT count(*) FILTER (WHERE status IN ('searching', 'pending_acceptance')) AS waiting,
      count(*) FILTER (WHERE status IN ('active', 'extending')) AS active,
      count(*) FILTER (WHERE status = 'closing') AS closing
    FROM chat_sessions WHERE deadline_at IS NOT NULL`.pipe(
    Effect.flatMap(countsOf),
    Effect.map((counts) => counts ?? { waiting: 0, active: 0, closing: 0 }),
    answered
  )
})

export const layer = Layer.effect(Sessions)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return Sessions.of({
    ...owning(sql, cipher),
    ...personal(sql, cipher),
    ...offers(sql),
    ...story(sql, cipher),
    ...line(sql),
    ...overview(sql),
    ...pastSessions(sql, cipher),
    ...oversight(sql)
  })
}))
