// What a failed statement means. Constraint names are the database's way of refusing; everything
// that says "not now" becomes Unavailable; a mistake in our own SQL is a defect.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { track } from "../../../services/manual-clock/work-tracker.ts"
import { slowDatabase } from "../../../services/manual-clock/faults.ts"
import { failureOf, silent } from "./failure-kinds.ts"
import { add, count } from "../../../services/operations/figures.ts"
import { type InfrastructureFailure, reportFailure } from "../../../services/operations/failures.ts"
import { withinShare } from "../../../services/platform/pool-shares.ts"
import { Unavailable } from "../../../services/platform/unavailable.ts"
import * as RealTime from "../../../services/platform/real-time.ts"

/** SQLSTATE of a failed statement, or "" when the connection itself failed. */
export const sqlState = (error: SqlError): string => {
  const cause = error.reason.cause
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
}

/** The violated constraint's or unique index's name, if that is why it failed. */
export const violated = (error: SqlError): string | null => {
  if (error.reason._tag === "UniqueViolation") return error.reason.constraint
  const cause = error.reason.cause
  return typeof cause === "object" && cause !== null && "constraint" in cause &&
      cause.constraint !== undefined
    ? String(cause.constraint)
    : null
}

/**
 * Whether the database is on its way: it refuses connections, starts, stops, or has none to spare. A name
 * that does not resolve, a password or a certificate does not mend itself.
 */
export const isRestarting = (error: SqlError): boolean => {
  const state = sqlState(error)
  // Closed or silent before it said anything.
  if (state === "") return error.reason._tag === "ConnectionError"
  return /^(57P0|53300)/.test(state) || /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN)$/.test(state)
}

// Shutdown (57P0x), too many connections (53xxx), connection exceptions (08xxx), serialization and
// deadlock (40xxx), time-outs of locks, statements and silent transactions (55P03, 57014, 25P03): asking
// again may work.
// A read-only server (25006: a failover left us on a replica) and a refused login (28xxx) are no mistakes in
// our SQL either.
const passing = /^(08|25006|25P03|28|40|53|57|55P03)/

export const isPassing = (error: SqlError): boolean =>
  error.reason._tag === "ConnectionError" || error.reason._tag === "AuthenticationError" ||
  passing.test(sqlState(error))

/** Every failed statement behind a cause, defects included. */
export const sqlErrorsIn = (cause: Cause.Cause<unknown>): ReadonlyArray<SqlError> =>
  cause.reasons
    .map((reason) =>
      Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : null
    )
    .filter(isSqlError)

const unavailable = new Unavailable({ what: "postgres", retryable: true })

/** Why stays here, in the log; the caller hears only that it is not possible now. */
const failing = (failure: InfrastructureFailure): Effect.Effect<never, Unavailable> =>
  Effect.andThen(RealTime.onRealTime(reportFailure(failure)), Effect.fail(unavailable))

/**
 * Passing troubles become Unavailable; anything else is our mistake and dies, to be supervised. Looks
 * at defects too: when a connection dies inside a transaction, the driver's failed ROLLBACK replaces
 * the statement's error by a defect.
 */
export const orUnavailable = <A, E, R>(
  effect: Effect.Effect<A, E | SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError> | Unavailable, R> =>
  Effect.catchCause(effect, (cause): Effect.Effect<never, Exclude<E, SqlError> | Unavailable> => {
    const errors = sqlErrorsIn(cause)
    if (errors.length === 0 || Cause.hasInterrupts(cause)) {
      return Effect.failCause(cause as Cause.Cause<Exclude<E, SqlError>>)
    }
    const mistake = errors.find((error) => !isPassing(error))
    const [first] = errors
    if (mistake !== undefined || first === undefined) return Effect.die(mistake)
    return failing(failureOf(first))
  })

/** In flight, and how it ended; a refused write (a violated constraint) is an answer too. */
const counted = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    add("postgres_calls_in_flight", 1)
    return Effect.onExit(effect, (exit) =>
      Effect.sync(() => {
        add("postgres_calls_in_flight", -1)
        count("postgres_calls_total", [exit._tag === "Success" ? "answered" : "failed"])
      }))
  })

/** Counted as work, and as slow as a tester wants it. */
const asked = <A, E, R>(effect: Effect.Effect<A, E | SqlError, R>) =>
  track("postgres")(withinShare(Effect.andThen(slowDatabase, orUnavailable(counted(effect)))))

/**
 * One port call: as above, and never longer than 15 s, pool wait and a silent network included. That
 * is above the server's own statement_timeout, so a slow statement is reported by its real name.
 */
export const answered = <A, E, R>(
  effect: Effect.Effect<A, E | SqlError, R>
): Effect.Effect<A, Exclude<E, SqlError> | Unavailable, R> =>
  RealTime.timeoutOrElse(asked(effect), {
    duration: "15 seconds",
    orElse: () => failing(silent)
  })
