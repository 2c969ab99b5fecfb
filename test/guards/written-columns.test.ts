// A column that a migration adds and no statement ever fills is a forgotten write: its reads see nulls
// for ever.
import { assert, describe, it } from "@effect/vitest"
import { type ProjectFile, projectFiles } from "../tidy/project-files.ts"
import { columnsOf, unwritten } from "./columns.ts"

const files = projectFiles()

/**
 * Columns that the database itself fills, and how. The list is not a place for forgotten ones. Tables with a
 * description say it there, and their own test compares the description with the migrated table.
 */
const filledByPostgres = new Map([
  ["pricing_history.id", "an identity: the order of the history"],
  ["audit_chain.seq", "by the trigger on audit_log"],
  ["audit_chain.entry_id", "by the trigger on audit_log"],
  ["audit_chain.hash", "by the trigger on audit_log"],
  ["detached_months.part", "by detach_months, a function of the owner's"],
  ["detached_months.detached_at", "by detach_months, a function of the owner's"],
  ["schema_window.only_row", "a default: there is one row"]
])

const file = (path: string, text: string): ProjectFile => ({ path, text })
const create = file(
  "migrations/0001_a.ts",
  `run([\`CREATE TABLE chats (
    id uuid PRIMARY KEY, -- no column (nor, is, this)
    topic text CHECK (topic IN ('a', 'b')),
    CHECK (id IS NOT NULL)
  )\`])`
)
const add = file(
  "migrations/0002_b.ts",
  "run([`ALTER TABLE chats\n ADD COLUMN mood text,\n DROP COLUMN topic`])"
)
const insert = (columns: string) => file("src/a.ts", `sql\`INSERT INTO chats (${columns}) VALUES (1)\``)

const namesOf = (columns: ReadonlyArray<{ readonly table: string; readonly column: string }>) =>
  columns.map(({ column, table }) => `${table}.${column}`)

describe("every column of the schema", () => {
  it("is written by a statement of src, or filled by Postgres for a reason", () => {
    const silent = unwritten(files).filter(({ column, table }) => !filledByPostgres.has(`${table}.${column}`))
    assert.deepStrictEqual(silent, [])
    // Read from the migrations' text: a way of writing them that the reader does not know would empty this.
    assert.isAtLeast(columnsOf(files.filter(({ path }) => /^migrations\/\d/.test(path))).length, 259)
  })

  it("that Postgres fills is still there and still not written", () => {
    assert.deepStrictEqual(
      [...filledByPostgres.keys()].toSorted(),
      namesOf(unwritten(files)).filter((name) => filledByPostgres.has(name)).toSorted()
    )
  })
})

describe("a forgotten column", () => {
  it("is the one that no INSERT and no UPDATE names", () => {
    assert.deepStrictEqual(namesOf(unwritten([create, add, insert("id")])), ["chats.mood"])
    assert.deepStrictEqual(namesOf(unwritten([create, add, insert("id, mood")])), [])
    const update = file("src/b.ts", "sql`UPDATE chats SET mood = 1`")
    assert.deepStrictEqual(namesOf(unwritten([create, add, insert("id"), update])), [])
  })

  it("is not hidden by a read, by another table, or by a longer name", () => {
    const others = [
      file("src/c.ts", "sql`SELECT mood FROM chats`"),
      file("src/d.ts", "sql`INSERT INTO chats_old (mood)`"),
      file("src/e.ts", "sql`UPDATE chats SET mood_before = 1`")
    ]
    assert.deepStrictEqual(namesOf(unwritten([create, add, insert("id"), ...others])), ["chats.mood"])
  })

  it("may be written by a description of its table", () => {
    const described = file("src/f.ts", "export const chats = table(\"chats\", { id: uuid, mood: text })")
    assert.deepStrictEqual(namesOf(unwritten([create, add, described])), [])
  })
})
