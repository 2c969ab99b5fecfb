// StaffProofs in Postgres: attempts counted in one statement each, second factors sealed like phones, and
// changes of them in one transaction with their audit entry.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import { forgottenAfterMs, StaffProofs } from "../../services/accounts/staff-proofs.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { secondFactorAssociatedData } from "../encryption/associated-data.ts"
import { firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { insertAuditEntry } from "./audit-log.postgres.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]
type Port = StaffProofs["Service"]

const countedOf = firstOf(Schema.Struct({ attempts: Schema.Int, began_at: Millis }))
const provedOf = firstOf(Schema.Struct({ proved_at: Millis }))
const factorOf = firstOf(Schema.Struct({
  secret: Schema.NullOr(Schema.String),
  secret_sealed: Schema.NullOr(Schema.String),
  confirmed_at: Schema.NullOr(Millis),
  last_step: Schema.Int,
  recovery_codes_left: Schema.Int
}))

const attempts = (sql: Sql): Pick<Port, "countAttempt" | "forgetAttempts"> => ({
  countAttempt: ({ at, network, who, window_ms }) =>
    sql`WITH old AS (
        DELETE FROM staff_sign_in_attempts WHERE began_at < ${timestamp(at - forgottenAfterMs)}
          AND (who, network) <> (${who}, ${network}))
      INSERT INTO staff_sign_in_attempts AS known (who, network, attempts, began_at)
      VALUES (${who}, ${network}, 1, ${timestamp(at)})
      ON CONFLICT (who, network) DO UPDATE SET
        attempts = CASE WHEN known.began_at <= ${timestamp(at - window_ms)} THEN 1
          ELSE known.attempts + 1 END,
        began_at = CASE WHEN known.began_at <= ${timestamp(at - window_ms)} THEN excluded.began_at
          ELSE known.began_at END
      RETURNING attempts, began_at`.pipe(
      Effect.flatMap(countedOf),
      Effect.map((row) => ({ attempts: row?.attempts ?? 1, until: (row?.began_at ?? at) + window_ms })),
      answered
    ),
  forgetAttempts: (who, network) =>
    sql`DELETE FROM staff_sign_in_attempts WHERE who = ${who} AND network = ${network}`.pipe(
      Effect.asVoid,
      answered
    )
})

/** Whether the statement found its row; if so its entry is written in the same transaction. */
const audited =
  (sql: Sql, entry: ChangeEntry, state: { readonly before: boolean; readonly after: boolean }) =>
  <E, R>(
    change: Effect.Effect<ReadonlyArray<unknown>, E, R>
  ) =>
    change.pipe(
      Effect.flatMap((rows) =>
        rows.length === 0 ? Effect.succeed(false) : Effect.as(
          insertAuditEntry(sql, {
            ...entry,
            before: { has_second_factor: state.before },
            after: { has_second_factor: state.after }
          }),
          true
        )
      ),
      sql.withTransaction,
      answered
    )

const isFound = <E, R>(change: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
  change.pipe(Effect.map((rows) => rows.length > 0), answered)

type FactorCalls = Pick<
  Port,
  | "secondFactor"
  | "beginSecondFactor"
  | "confirmSecondFactor"
  | "takeStep"
  | "takeRecoveryCode"
  | "removeSecondFactor"
>

const secondFactors = (sql: Sql, cipher: Ciphers): FactorCalls => ({
  secondFactor: Effect.fnUntraced(function*(staffId: string) {
    const row = yield* sql`SELECT secret, secret_sealed, confirmed_at, last_step::int AS last_step,
        cardinality(recovery_hashes) AS recovery_codes_left
      FROM staff_second_factors WHERE staff_id = ${staffId}`.pipe(Effect.flatMap(factorOf))
    if (row === null) return null
    const { secret, secret_sealed, ...factor } = row
    const opened = secret_sealed === null
      ? secret ?? ""
      : yield* cipher.open(secret_sealed, secondFactorAssociatedData(staffId))
    return { ...factor, secret: opened }
  }, answered),
  beginSecondFactor: Effect.fnUntraced(function*(staffId: string, secret: string, at: number) {
    const seal = yield* cipher.sealer(1)
    const { plain, sealed } = seal(secret, secondFactorAssociatedData(staffId))
    const rows = yield* sql`INSERT INTO staff_second_factors AS known
        (staff_id, secret, secret_sealed, created_at)
      VALUES (${staffId}, ${plain}, ${sealed}, ${timestamp(at)})
      ON CONFLICT (staff_id) DO UPDATE SET secret = excluded.secret,
        secret_sealed = excluded.secret_sealed, last_step = 0, created_at = excluded.created_at
        WHERE known.confirmed_at IS NULL
      RETURNING staff_id`
    return rows.length > 0
  }, answered),
  confirmSecondFactor: (staffId, step, recoveryHashes, entry) =>
    sql`UPDATE staff_second_factors SET confirmed_at = ${timestamp(entry.at)}, last_step = ${step},
        recovery_hashes = ${[...recoveryHashes]}
      WHERE staff_id = ${staffId} AND confirmed_at IS NULL AND last_step < ${step} RETURNING staff_id`.pipe(
      audited(sql, entry, { before: false, after: true })
    ),
  takeStep: (staffId, step) =>
    sql`UPDATE staff_second_factors SET last_step = ${step}
      WHERE staff_id = ${staffId} AND last_step < ${step} RETURNING staff_id`.pipe(isFound),
  takeRecoveryCode: (staffId, hash) =>
    sql`UPDATE staff_second_factors SET recovery_hashes = array_remove(recovery_hashes, ${hash}::text)
      WHERE staff_id = ${staffId} AND ${hash}::text = ANY(recovery_hashes) RETURNING staff_id`.pipe(isFound),
  removeSecondFactor: (staffId, entry) =>
    sql`DELETE FROM staff_second_factors WHERE staff_id = ${staffId} RETURNING staff_id`.pipe(
      audited(sql, entry, { before: true, after: false })
    )
})

const proofs = (sql: Sql): Pick<Port, "prove" | "provedAt" | "changePassword"> => ({
  changePassword: (staffId, passwordHash, entry) =>
    sql`UPDATE staff SET password_hash = ${passwordHash} WHERE id = ${staffId}`.pipe(
      // What it was and is stays out of the log.
      Effect.andThen(insertAuditEntry(sql, { ...entry, before: null, after: null })),
      Effect.asVoid,
      sql.withTransaction,
      answered
    ),
  prove: (authSessionId, at) =>
    sql`WITH old AS (
        DELETE FROM staff_proofs WHERE proved_at < ${timestamp(at - forgottenAfterMs)}
          AND auth_session_id <> ${authSessionId})
      INSERT INTO staff_proofs (auth_session_id, proved_at) VALUES (${authSessionId}, ${timestamp(at)})
      ON CONFLICT (auth_session_id) DO UPDATE
        SET proved_at = greatest(staff_proofs.proved_at, excluded.proved_at)`.pipe(Effect.asVoid, answered),
  provedAt: (authSessionId) =>
    sql`SELECT proved_at FROM staff_proofs WHERE auth_session_id = ${authSessionId}`.pipe(
      Effect.flatMap(provedOf),
      Effect.map((row) => row?.proved_at ?? null),
      answered
    )
})

export const layer = Layer.effect(StaffProofs)(
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const cipher = yield* Cipher
    return StaffProofs.of({ ...attempts(sql), ...secondFactors(sql, cipher), ...proofs(sql) })
  })
)
