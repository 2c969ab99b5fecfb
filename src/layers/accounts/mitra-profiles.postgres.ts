// What mitras may be asked for, part of Accounts, in Postgres: two columns of their row.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import { Language, type Profile } from "../../domain/matching.ts"
import { Topic } from "../../domain/session/state.ts"
import type { Accounts } from "../../services/accounts/accounts.ts"
import { firstOf } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { insertAuditEntry } from "./audit-log.postgres.ts"

const profileIn = firstOf(Schema.Struct({ languages: Schema.Array(Language), topics: Schema.Array(Topic) }))

const find = (sql: SqlClient.SqlClient, mitraId: string, suffix: "" | "FOR NO KEY UPDATE") =>
  sql`SELECT to_json(languages) AS languages, to_json(topics) AS topics FROM mitras
    WHERE id = ${mitraId} ${sql.literal(suffix)}`.pipe(Effect.flatMap(profileIn))

const same = (a: Profile, b: Profile): boolean =>
  a.languages.join() === b.languages.join() && a.topics.join() === b.topics.join()

const set = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(mitraId: string, { languages, topics }: Profile, entry: ChangeEntry) {
      const before = yield* find(sql, mitraId, "FOR NO KEY UPDATE")
      if (before === null) return false
      const after = { languages, topics }
      if (same(before, after)) return true
      yield* insertAuditEntry(sql, { ...entry, before: { ...before }, after })
      yield* sql`UPDATE mitras SET languages = ${languages}::text[], topics = ${topics}::text[]
        WHERE id = ${mitraId}`
      return true
    },
    sql.withTransaction,
    answered
  )

export const profiles = (
  sql: SqlClient.SqlClient
): Pick<Accounts["Service"], "profileOf" | "setProfile"> => ({
  profileOf: (mitraId) => answered(find(sql, mitraId, "")),
  setProfile: set(sql)
})
