// Cases in Postgres, part of Trust: what was reported, with words and evidence sealed to the case, and what
// staff made of it, in one transaction with the audit entry and the pause.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import {
  otherSide,
  type PauseCause,
  type Person,
  personOf,
  type Resolution,
  resolutions
} from "../../domain/trust.ts"
import type { Cipher } from "../../services/encryption/cipher.ts"
import type { Case, Report, Reported, Resolved, Trust } from "../../services/trust/trust.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { caseAssociatedData } from "../encryption/associated-data.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { allOf, firstOf, idColumnOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]

const sides = Schema.Literals(["customer", "mitra"])

const Line = Schema.Struct({
  id: Schema.String,
  session_id: Schema.String,
  customer_id: Schema.String,
  mitra_id: Schema.String,
  customer_name: Schema.String,
  mitra_name: Schema.String,
  by_side: sides,
  reason: Schema.String,
  created_at: Millis,
  resolved_at: Schema.NullOr(Millis),
  resolved_by: Schema.NullOr(Schema.String),
  resolution: Schema.NullOr(Schema.Literals(resolutions)),
  is_paused: Schema.Boolean
})
const text = Schema.NullOr(Schema.String)
const linesOf = allOf(Line)
const caseOf = firstOf(Schema.Struct({
  ...Line.fields,
  words: text,
  words_sealed: text,
  evidence: text,
  evidence_sealed: text
}))
const idOf = firstOf(Schema.Struct({ id: Schema.String }))
const reportedOf = firstOf(Schema.Struct({
  customer_id: Schema.String,
  mitra_id: Schema.String,
  by_side: sides,
  resolved_at: Schema.NullOr(Millis)
}))
const countOf = firstOf(Schema.Struct({ count: Schema.Int }))
const Evidence = Schema.fromJsonString(Schema.Array(Schema.Struct({
  seq: Schema.Int,
  side: sides,
  body: Schema.String,
  sent_at: Schema.Int
})))
const readEvidence = Schema.decodeUnknownEffect(Evidence)

const lineColumns = `k.id, k.session_id, k.customer_id, k.mitra_id, c.call_name AS customer_name,
  m.display_name AS mitra_name, k.by_side, k.reason, k.created_at, k.resolved_at, k.resolved_by, k.resolution,
  EXISTS (SELECT 1 FROM pauses p WHERE p.lifted_at IS NULL
    AND p.user_type = CASE k.by_side WHEN 'customer' THEN 'mitra' ELSE 'customer' END
    AND p.user_id = CASE k.by_side WHEN 'customer' THEN k.mitra_id ELSE k.customer_id END) AS is_paused`
const fromCases = `FROM cases k JOIN customers c ON c.id = k.customer_id JOIN mitras m ON m.id = k.mitra_id`

/** True when they were not paused before. */
const pause = (sql: Sql, { user_id, user_type }: Person, cause: PauseCause, at: number) =>
  sql`INSERT INTO pauses AS p (user_type, user_id, cause, since)
    VALUES (${user_type}, ${user_id}, ${cause}, ${timestamp(at)})
    ON CONFLICT (user_type, user_id) DO UPDATE
      SET cause = excluded.cause, since = excluded.since, lifted_at = NULL WHERE p.lifted_at IS NOT NULL
    RETURNING user_id`.pipe(Effect.map((rows) => rows.length > 0))

/** Different people whose reports of this one count. */
const reportersOf = (sql: Sql, { user_id, user_type }: Person, since: number) => {
  const [theirs, others] = [idColumnOf(user_type), idColumnOf(otherSide(user_type))]
  return sql`SELECT count(DISTINCT ${sql.literal(others)})::int AS count FROM cases
    WHERE ${sql.literal(theirs)} = ${user_id} AND by_side = ${otherSide(user_type)}
      AND created_at >= ${timestamp(since)} AND resolution IS DISTINCT FROM 'dismissed'
      AND created_at > coalesce((SELECT lifted_at FROM pauses
        WHERE user_type = ${user_type} AND user_id = ${user_id}), '-infinity')`.pipe(
    Effect.flatMap(countOf),
    Effect.map((row) => row?.count ?? 0)
  )
}

const store = Effect.fnUntraced(function*(sql: Sql, cipher: Ciphers, report: Report) {
  const seal = yield* cipher.sealer(2)
  const words = seal(report.words, caseAssociatedData(report.id, "words"))
  const evidence = seal(JSON.stringify(report.evidence), caseAssociatedData(report.id, "evidence"))
  yield* sql`INSERT INTO cases (id, session_id, customer_id, mitra_id, by_side, reason, words, words_sealed,
      evidence, evidence_sealed, created_at)
    VALUES (${report.id}, ${report.session_id}, ${report.customer_id}, ${report.mitra_id}, ${report.by_side},
      ${report.reason}, ${words.plain}, ${words.sealed}, ${evidence.plain}, ${evidence.sealed},
      ${timestamp(report.at)})`
})

const report = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(
    function*(given: Report, rule: { readonly pause_at: number; readonly counted_since: number }) {
      const reported = personOf(given, otherSide(given.by_side))
      // Reports of one person one after the other: each counts those before it.
      yield* lockFor(sql, "person", `${reported.user_type}:${reported.user_id}`)
      const before = yield* Effect.flatMap(
        sql`SELECT id FROM cases WHERE session_id = ${given.session_id}
          AND customer_id = ${given.customer_id} AND mitra_id = ${given.mitra_id}
          AND by_side = ${given.by_side} AND (resolved_at IS NULL OR id = ${given.id})`,
        idOf
      )
      if (before === null) yield* store(sql, cipher, given)
      const case_id = before?.id ?? given.id
      if (rule.pause_at <= 0) return { case_id, paused: false } satisfies Reported
      const reporters = yield* reportersOf(sql, reported, rule.counted_since)
      const paused = reporters >= rule.pause_at && (yield* pause(sql, reported, "reports", given.at))
      return { case_id, paused } satisfies Reported
    },
    sql.withTransaction,
    answered
  )

const readCase = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(
    function*(caseId: string, entry: ChangeEntry) {
      const row = yield* Effect.flatMap(
        sql`SELECT ${sql.literal(lineColumns)}, k.words, k.words_sealed, k.evidence, k.evidence_sealed
          ${sql.literal(fromCases)} WHERE k.id = ${caseId}`,
        caseOf
      )
      if (row === null) return null
      const { evidence, evidence_sealed, words, words_sealed, ...line } = row
      const open = (plain: string | null, sealed: string | null, part: "words" | "evidence") =>
        sealed === null ? Effect.succeed(plain ?? "") : cipher.open(sealed, caseAssociatedData(caseId, part))
      const opened: Case = {
        ...line,
        words: yield* open(words, words_sealed, "words"),
        evidence: yield* Effect.orDie(
          Effect.flatMap(Effect.orDie(open(evidence, evidence_sealed, "evidence")), readEvidence)
        )
      }
      yield* insertAuditEntry(sql, { ...entry, before: null, after: null })
      return opened
    },
    sql.withTransaction,
    answered
  )

const resolveCase = (sql: Sql) =>
  Effect.fnUntraced(
    function*(caseId: string, resolution: Resolution, note: string, entry: ChangeEntry) {
      const found = yield* Effect.flatMap(
        sql`SELECT customer_id, mitra_id, by_side, resolved_at FROM cases WHERE id = ${caseId} FOR UPDATE`,
        reportedOf
      )
      if (found === null) return "unknown" satisfies Resolved
      if (found.resolved_at !== null) return "resolved_before" satisfies Resolved
      yield* sql`UPDATE cases SET resolved_at = ${timestamp(entry.at)}, resolved_by = ${entry.staff_id},
        resolution = ${resolution} WHERE id = ${caseId}`
      if (resolution === "paused") {
        yield* pause(sql, personOf(found, otherSide(found.by_side)), "staff", entry.at)
      }
      yield* insertAuditEntry(sql, { ...entry, before: null, after: { resolution, note } })
      return "resolved" satisfies Resolved
    },
    sql.withTransaction,
    answered
  )

export const cases = (
  sql: Sql,
  cipher: Ciphers
): Pick<Trust["Service"], "report" | "cases" | "readCase" | "resolveCase"> => ({
  report: report(sql, cipher),
  cases: ({ before, limit, open }) =>
    sql`SELECT ${sql.literal(lineColumns)} ${sql.literal(fromCases)}
      WHERE ${open ? sql`k.resolved_at IS NULL` : sql`k.resolved_at IS NOT NULL`}
        ${before === null ? sql`` : sql`AND k.id < ${before}`}
      ORDER BY k.id DESC LIMIT ${limit}`.pipe(Effect.flatMap(linesOf), answered),
  readCase: readCase(sql, cipher),
  resolveCase: resolveCase(sql)
})
