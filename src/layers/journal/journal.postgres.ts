// Journal on Postgres: one transaction per group of turns, whatever the actors. Rows are locked, the
// turns decided, and only what survived is written; one turn that the database rejects all the same is
// found by writing its group one by one.
import * as Cause from "effect/Cause"
import { SecureRandom } from "effect/crypto"
import { track } from "../../services/manual-clock/work-tracker.ts"
import { slowDatabase } from "../../services/manual-clock/faults.ts"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { Json } from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Cipher } from "../../services/encryption/cipher.ts"
import { Failpoints, passFailpoint } from "../../services/manual-clock/failpoints.ts"
import { reportFailure } from "../../services/operations/failures.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { failureOf } from "../platform/postgres/failure-kinds.ts"
import { Journal, type TurnWrite, type Verdict } from "../../services/journal/journal.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { appendTurns, type AppendTurn, isAppend } from "./appends.postgres.ts"
import { defaultLimits, type GroupLimits, makeGroupCommit } from "./group-commit.ts"
import { BatchFailed, type GroupWriter, type Outcome } from "./group-writer.ts"
import { consumptionsOf, type DecidedTurn, eventsOf, verdictsOn } from "../../domain/verdict.ts"
import { offerTaken, oneWinner, TurnRejected } from "./rejection.ts"
import { answered, isPassing, sqlErrorsIn, sqlState, violated } from "../platform/postgres/failure.ts"
import { lockAndRead } from "./facts.postgres.ts"
import { rowsOf, textsIn } from "./rows.postgres.ts"
import { writeRows } from "./writes.postgres.ts"

const unavailable = new Unavailable({ what: "postgres", retryable: true })

// Another transaction was in the way: a ring of locks, or a row held too long. Alone it may go through.
const contended = new Set(["40001", "40P01", "55P03"])
// Of these, a row held too long has already cost its wait.
const worthRetrying = new Set(["40001", "40P01"])
const attemptsAlone = 3

const nameOf = (error: SqlError): string => violated(error) ?? (sqlState(error) || error.reason._tag)

/** What a failed transaction means for its turns. */
type Trouble =
  | { readonly _tag: "Away"; readonly error: SqlError | null }
  | { readonly _tag: "Contended"; readonly state: string }
  | { readonly _tag: "Rejected"; readonly by: string }

const troubleOf = (cause: Cause.Cause<unknown>): Trouble => {
  const errors = sqlErrorsIn(cause)
  const mistake = errors.find((error) => !isPassing(error))
  if (mistake !== undefined) return { _tag: "Rejected", by: nameOf(mistake) }
  const first = errors[0]
  if (first === undefined) {
    return Cause.hasInterrupts(cause)
      ? { _tag: "Away", error: null }
      : { _tag: "Rejected", by: Cause.pretty(cause) }
  }
  // A rollback that failed as well means that the connection is gone.
  return errors.length === 1 && contended.has(sqlState(first))
    ? { _tag: "Contended", state: sqlState(first) }
    : { _tag: "Away", error: first }
}

/** Not now; why is the operator's to read. */
const away = (error: SqlError | null): Effect.Effect<never, Unavailable> =>
  Effect.andThen(
    error === null ? Effect.void : RealTime.onRealTime(reportFailure(failureOf(error))),
    Effect.fail(unavailable)
  )

const outcomeOf = ({ verdict }: DecidedTurn): Outcome => {
  switch (verdict._tag) {
    case "Accepted":
      return Exit.succeed({ _tag: "Committed" })
    case "Answered":
      return Exit.succeed(verdict.answer)
    case "Invalid":
      return Exit.die(new TurnRejected(verdict.reason))
  }
}

const isCommitted = (outcome: Outcome | undefined): boolean =>
  outcome !== undefined && Exit.isSuccess(outcome) && outcome.value._tag === "Committed"

/** Writes groups and single turns in transactions of their own; the loop decides which. */
export const makeWriter = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const random = yield* SecureRandom.SecureRandom
  const cipher = yield* Cipher
  const gate = yield* Failpoints

  const inOneTrip = (turns: ReadonlyArray<AppendTurn>) =>
    Effect.flatMap(cipher.sealer(turns.length), (seal) => appendTurns(sql, turns, seal))

  /** Where a test may stop between the writing and the COMMIT, there must be a between. */
  const appended = (turns: ReadonlyArray<AppendTurn>) =>
    gate === null ? inOneTrip(turns) : inOneTrip(turns).pipe(
      Effect.tap((outcomes) => {
        const written = turns.filter((_, n) => isCommitted(outcomes[n]))
        return Effect.orDie(passFailpoint(gate, "in_commit", written.flatMap(eventsOf)))
      }),
      sql.withTransaction
    )

  const writeTables = (turns: ReadonlyArray<TurnWrite>) =>
    Effect.gen(function*() {
      const decided = verdictsOn(turns, yield* lockAndRead(sql, turns))
      const written = decided.filter(({ verdict }) => verdict._tag === "Accepted")
      if (written.length > 0) {
        const charged = written.flatMap(({ turn }) => consumptionsOf(turn))
        const ids = yield* Effect.forEach(charged, () => random.uuidV7())
        const seal = yield* cipher.sealer(textsIn(written))
        yield* writeRows(sql, rowsOf(written, ids, seal))
        yield* Effect.orDie(
          passFailpoint(gate, "in_commit", written.flatMap(({ turn }) => eventsOf(turn)))
        )
      }
      return decided.map(outcomeOf)
    }).pipe(sql.withTransaction)

  const transaction = (turns: ReadonlyArray<TurnWrite>) =>
    Effect.andThen(slowDatabase, turns.every(isAppend) ? appended(turns) : writeTables(turns)).pipe(
      track("journal")
    )

  const writeBatch: GroupWriter["writeBatch"] = (turns) =>
    Effect.catchCause(transaction(turns), (cause): Effect.Effect<never, Unavailable | BatchFailed> => {
      const trouble = troubleOf(cause)
      if (trouble._tag === "Away") return away(trouble.error)
      return Effect.fail(new BatchFailed(trouble._tag === "Contended" ? trouble.state : trouble.by))
    })

  /** One turn alone: what the database rejects is now known to be this turn's own doing. */
  const writeOne = (turn: TurnWrite, attempt = 1): Effect.Effect<Verdict, Unavailable> =>
    Effect.matchCauseEffect(transaction([turn]), {
      onSuccess: ([outcome]) => outcome ?? Effect.die(new TurnRejected("no outcome")),
      onFailure: (cause): Effect.Effect<Verdict, Unavailable> => {
        const trouble = troubleOf(cause)
        const again = attempt < attemptsAlone
        if (trouble._tag === "Away") return away(trouble.error)
        if (trouble._tag === "Contended") {
          return again && worthRetrying.has(trouble.state)
            ? writeOne(turn, attempt + 1)
            : Effect.fail(unavailable)
        }
        if (trouble.by === oneWinner) {
          return Effect.succeed({ _tag: "Refused", refusal: offerTaken(turn.actor.id) })
        }
        // Another writer took the slot past our locks: the next look sees it.
        if (trouble.by === "mitra_slots_pkey" && again) return writeOne(turn, attempt + 1)
        return Effect.die(new TurnRejected(trouble.by))
      }
    })

  return { isShort: isAppend, writeBatch, writeOne: (turn) => writeOne(turn) } satisfies GroupWriter
})

/** Journal over the SqlClient's pool, with one loop for this runner. */
export const layerWith = (limits: GroupLimits) =>
  Layer.effect(Journal)(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const commit = yield* makeGroupCommit(yield* makeWriter, limits)
    return {
      commit,
      outcomeOf: (actorId, senderId, commandId) =>
        answered(sql<{ outcome: Json }>`
          SELECT outcome FROM commands_seen
          WHERE actor_id = ${actorId}::uuid AND sender_id = ${senderId} AND command_id = ${commandId}`).pipe(
          Effect.map((rows) => rows[0]?.outcome ?? null)
        )
    }
  }))

export const layer = layerWith(defaultLimits)
