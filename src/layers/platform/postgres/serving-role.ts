// The role that serves: it reads and writes rows, and no more. It owns nothing, so it can neither change
// tables nor switch off what guards the audit log, whose rows it adds and never changes. Made and given its
// rights by the role that migrates, after each migration and in one transaction.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { firstOf } from "./columns.ts"

export interface ServingRole {
  readonly name: string
  /** For a role that has to be made; null: it has none (a certificate, a socket). */
  readonly password: string | null
}

const foundOf = firstOf(
  Schema.Struct({ exists: Schema.Boolean, is_me: Schema.Boolean, open: Schema.Boolean })
)

/** Added to, never changed. */
const appendOnly = "audit_log"
/** Read only: the chain is written by its trigger, the versions by migrations. */
const readOnly = "audit_chain, schema_migrations, schema_window, schema_backfills, detached_months"
/** What it may have done by the owner: months of the tables in parts (migrations 0027 and 0030). */
const ownersWork = [
  "make_months(timestamptz, integer)",
  "detach_months(text, timestamptz, timestamptz)",
  "drop_detached_months(timestamptz)",
  "erase_detached_texts(uuid, integer)",
  "erase_detached_log(uuid)"
]

const quoted = (name: string): string => `"${name.replaceAll("\"", "\"\"")}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const rightsOf = (role: string): ReadonlyArray<string> => [
  `REVOKE ALL ON SCHEMA public FROM ${role}`,
  `GRANT USAGE ON SCHEMA public TO ${role}`,
  `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
  `REVOKE UPDATE, DELETE ON ${appendOnly} FROM ${role}`,
  `REVOKE INSERT, UPDATE, DELETE ON ${readOnly} FROM ${role}`,
  `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
  `GRANT EXECUTE ON FUNCTION ${ownersWork.join(", ")} TO ${role}`
]

/** False when the role that migrates is the one that serves: then there is nothing to part. */
export const grantServing = Effect.fnUntraced(function*({ name, password }: ServingRole) {
  const sql = yield* SqlClient.SqlClient
  const role = quoted(name)
  const found = yield* sql`SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = ${name}) AS exists,
      current_user = ${name} AS is_me,
      has_schema_privilege('public', 'public', 'CREATE') AS open`.pipe(Effect.flatMap(foundOf))
  if (found?.is_me === true) return false
  const statements = [
    ...(found?.exists === true
      ? []
      : [`CREATE ROLE ${role} LOGIN${password === null ? "" : ` PASSWORD ${literal(password)}`}`]),
    // Until PostgreSQL 15 everybody may make tables in it.
    ...(found?.open === true ? ["REVOKE CREATE ON SCHEMA public FROM PUBLIC"] : []),
    ...rightsOf(role)
  ]
  yield* sql.withTransaction(Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true }))
  return true
})
