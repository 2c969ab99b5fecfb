// The Postgres connection pool every Postgres adapter uses. UTC sessions, bounded statements, and
// names that an operator finds again in pg_stat_activity.
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import { PgClient } from "@effect/sql-pg"

export interface PoolOptions {
  /** postgres://user:password@host:port/database */
  readonly url: Redacted.Redacted
  readonly application: string
  readonly connections_max: number
}

/** PgClient and SqlClient over one pool. The url's own parameters win over ours. */
export const layer = (options: PoolOptions) =>
  PgClient.layer({
    url: options.url,
    applicationName: options.application,
    maxConnections: options.connections_max,
    connectTimeout: Duration.seconds(5),
    idleTimeout: Duration.seconds(60),
    startupParameters: {
      timezone: "UTC",
      statement_timeout: "10000",
      lock_timeout: "5000",
      idle_in_transaction_session_timeout: "15000"
    }
  })
