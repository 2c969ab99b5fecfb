// The bus over Postgres: NOTIFY through the pool, LISTEN on a connection of its own.
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { PgClient, PgConnection } from "@effect/sql-pg"
import { batchLimit, type Link } from "./link.ts"

export const channel = "halobestie_bus"

/** The pool's own settings, but one connection that an operator recognises and no server ends for idling. */
const connect = (config: PgClient.PgClientConfig) =>
  PgConnection.make({
    ...config,
    applicationName: `${config.applicationName ?? "halobestie"}-bus`,
    startupParameters: { ...config.startupParameters, idle_session_timeout: "0" }
  })

export const makePostgresLink = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  const link: Link = {
    name: "postgres",
    send: (payloads) =>
      Effect.as(
        sql`SELECT count(pg_notify(${channel}, payload)) FROM unnest(${payloads}::text[]) AS payload`,
        null
      ),
    listeners: null,
    listen: Effect.gen(function*() {
      const connection = yield* connect(sql.config)
      const notifications = yield* connection.listen(channel)
      return Effect.map(
        Queue.takeBetween(notifications, 1, batchLimit),
        (batch) => batch.map(({ payload }) => payload)
      )
    })
  }
  return link
})
