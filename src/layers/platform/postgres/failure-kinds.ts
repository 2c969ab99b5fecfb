// What kind of trouble a failed statement is, in the words of runbooks and alerts: told apart by SQLSTATE,
// because "postgres is unavailable" sends nobody to the right page.
import type { SqlError } from "effect/sql/SqlError"
import type { FailureKind, InfrastructureFailure } from "../../../services/operations/failures.ts"

const kinds: ReadonlyArray<readonly [RegExp, FailureKind]> = [
  [/^53100$/, "postgres_full"],
  [/^25006$/, "postgres_read_only"],
  [/^53300$/, "postgres_too_many_connections"],
  [/^28/, "postgres_login_refused"],
  [/^57014$/, "postgres_statement_timeout"],
  [/^55P03$/, "postgres_lock_timeout"],
  [/^40/, "postgres_conflict"],
  [/^57P/, "postgres_shutting_down"],
  [/^(08|$)/, "postgres_down"]
]

export const kindOfSqlState = (sqlstate: string): FailureKind =>
  kinds.find(([pattern]) => pattern.test(sqlstate))?.[1] ?? "postgres_other"

const textOf = (cause: object, field: string): string => {
  const value: unknown = Reflect.get(cause, field)
  return typeof value === "string" ? value : ""
}

/** Only what the server says of itself: never a row's value, which its `detail` may hold. */
export const failureOf = (error: SqlError): InfrastructureFailure => {
  const cause = typeof error.reason.cause === "object" && error.reason.cause !== null
    ? error.reason.cause
    : {}
  const sqlstate = "code" in cause && /^[0-9A-Z]{5}$/.test(String(cause.code)) ? String(cause.code) : ""
  const about = [error.reason.operation ?? "", textOf(cause, "table"), textOf(cause, "routine")]
  return {
    kind: error.reason._tag === "ConnectionError" && !/^(53|28|57)/.test(sqlstate)
      ? "postgres_down"
      : kindOfSqlState(sqlstate),
    sqlstate,
    statement: about.filter((word) => word !== "").join(" "),
    message: textOf(cause, "message").slice(0, 300)
  }
}

/** The pool's queue and a silent network included: nobody answered at all. */
export const silent: InfrastructureFailure = {
  kind: "postgres_silent",
  sqlstate: "",
  statement: "",
  message: "no answer within 15 s"
}
