// Why something we depend on failed, for the operator and nobody else: each kind is counted, and logged at
// most once per 10 s with what the driver said. What callers get is a reference to that line.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Unavailable } from "../platform/unavailable.ts"
import { count } from "./figures.ts"

export type FailureKind =
  | "postgres_down"
  | "postgres_full"
  | "postgres_read_only"
  | "postgres_too_many_connections"
  | "postgres_login_refused"
  | "postgres_statement_timeout"
  | "postgres_lock_timeout"
  | "postgres_conflict"
  | "postgres_shutting_down"
  | "postgres_silent"
  | "postgres_other"

export interface InfrastructureFailure {
  readonly kind: FailureKind
  /** Empty where the connection itself failed. */
  readonly sqlstate: string
  readonly statement: string
  readonly message: string
}

const everyMs = 10_000

interface Seen {
  logged_at: number
  reference: string
  suppressed: number
}

export interface FailureLog {
  readonly seen: Map<string, Seen>
  /** When each kind happened last, for readiness and health. */
  readonly last: Map<FailureKind, number>
}

export const emptyFailureLog = (): FailureLog => ({ seen: new Map(), last: new Map() })

/** One per process. */
export const FailureLog = Context.Reference<FailureLog>("halobestie/services/FailureLog", {
  defaultValue: emptyFailureLog
})

/** The time of the line, so that it is found even when only the time is known. */
const referenceAt = (now: number): string => now.toString(36)

/** One line per 10 s and kind; the reference is that of the line which was written. */
const logOnce = Effect.fnUntraced(function*(
  kind: string,
  message: string,
  fields: Readonly<Record<string, unknown>>
) {
  const { seen } = yield* FailureLog
  const now = yield* Clock.currentTimeMillis
  const before = seen.get(kind)
  if (before !== undefined && now - before.logged_at < everyMs) {
    before.suppressed += 1
    return before.reference
  }
  const reference = referenceAt(now)
  seen.set(kind, { logged_at: now, reference, suppressed: 0 })
  const like_it_before = before?.suppressed ?? 0
  yield* Effect.logWarning(message).pipe(
    Effect.annotateLogs({ kind, ...fields, reference, like_it_before })
  )
  return reference
})

/** Counts a failure and explains it in the log. The call it happened in is among the line's annotations. */
export const reportFailure = Effect.fnUntraced(function*(failure: InfrastructureFailure) {
  const { kind, message, sqlstate, statement } = failure
  count("infrastructure_failures_total", [kind])
  const { last } = yield* FailureLog
  last.set(kind, yield* Clock.currentTimeMillis)
  return yield* logOnce(kind, `infrastructure failure: ${kind}`, { sqlstate, statement, reason: message })
})

/** What will be done again by itself, once what it needs is there: one line, however many wait for it. */
export const reportPutOff = (work: string, { what }: Unavailable) =>
  logOnce(`put_off_${work}`, `${work}: ${what} is unavailable`, {})

/** For a caller who is told to try again: where the log says why. */
export const referenceFor = Effect.fnUntraced(function*(what: string) {
  const { seen } = yield* FailureLog
  const now = yield* Clock.currentTimeMillis
  const explained = [...seen].filter(([kind, { logged_at }]) =>
    kind.startsWith(what) && now - logged_at < everyMs
  )
  const newest = explained.toSorted(([, a], [, b]) => b.logged_at - a.logged_at)[0]
  if (newest !== undefined) return newest[1].reference
  return yield* logOnce(`unavailable_${what}`, `answered "try again": ${what} is unavailable`, {})
})
