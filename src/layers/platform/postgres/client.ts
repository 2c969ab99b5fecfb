// The Postgres connection pool every Postgres adapter uses. UTC sessions, bounded statements, and
// names that an operator finds again in pg_stat_activity.
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { PgClient } from "@effect/sql-pg"
import { type DatabaseAddress, databaseAddress } from "./url.ts"

export interface PoolOptions {
  /** postgres://user:password@host:port/database */
  readonly url: Redacted.Redacted
  readonly application: string
  readonly connections_max: number
}

/**
 * What every session of ours relies on, whatever the hoster, the role or the database sets otherwise. The
 * start asks whether it is in force (fitness.ts). Times are milliseconds.
 */
export const relied = {
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  statement_timeout: "10000",
  lock_timeout: "5000",
  // Below lock_timeout: a runner that is frozen in the middle gives its rows back before those who wait for
  // them give up.
  idle_in_transaction_session_timeout: "4000",
  idle_session_timeout: "0"
}

/** PgClient and SqlClient over one pool. */
export const layer = (options: PoolOptions) =>
  Layer.unwrap(Effect.map(databaseAddress(options.url), over(options)))

const over = (options: PoolOptions) => (address: DatabaseAddress) =>
  PgClient.layer({
    ...address,
    applicationName: options.application,
    maxConnections: options.connections_max,
    connectTimeout: Duration.seconds(5),
    idleTimeout: Duration.seconds(60),
    startupParameters: { timezone: "UTC", ...relied }
  })
