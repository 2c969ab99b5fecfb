// Every described table has exactly the columns of the migrated one, of the same types: a migration that adds
// a column asks for its line in the description.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as Journal from "../../../../src/layers/journal/journal.tables.ts"
import { chatSessions } from "../../../../src/layers/sessions/chat-sessions.table.ts"
import * as Pairing from "../../../../src/layers/sessions/pairing.tables.ts"
import * as Transcript from "../../../../src/layers/sessions/transcript.tables.ts"
import { freshDatabase } from "../../../support/postgres.ts"

const described = [
  chatSessions,
  Pairing.offers,
  Pairing.assignments,
  Pairing.mitraSlots,
  Pairing.rerouteProposals,
  Transcript.messages,
  Transcript.sessionEvents,
  Journal.commandsSeen,
  Journal.transactions,
  Journal.pushOutbox,
  Journal.mitraOnlineLogs,
  Journal.auditLog
]

interface Column {
  readonly name: string
  readonly type: string
}

const inOrder = (columns: ReadonlyArray<Column>) => columns.toSorted((a, b) => a.name < b.name ? -1 : 1)

describe("a described table", () => {
  for (const { columns, name } of described) {
    it.effect(`${name} has the columns of the migrated one, and their types`, () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        // A number that the database gives itself is not written by statements.
        const migrated = yield* sql<Column>`SELECT column_name AS name, udt_name AS type
          FROM information_schema.columns
          WHERE table_schema = 'public' AND table_name = ${name} AND is_identity = 'NO'
            AND column_default IS DISTINCT FROM 'nextval(''mitra_online_log_numbers''::regclass)'`
        const types: Readonly<Record<string, string>> = { int4: "integer", int8: "bigint", bool: "boolean" }
        assert.deepStrictEqual(
          inOrder(Object.entries(columns).map(([name, { type }]) => ({ name, type }))),
          inOrder(migrated.map(({ name, type }) => ({ name, type: types[type] ?? type })))
        )
      }).pipe(Effect.provide(freshDatabase), Effect.scoped))
  }
})
