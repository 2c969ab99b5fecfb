// The schema as the migrations leave it, read from their text: tables and their columns, in order of the
// migrations; and which columns the statements of src write.
import { isCode, nodesOf, programOf, type ProjectFile } from "../tidy/project-files.ts"

export interface Column {
  readonly table: string
  readonly column: string
  readonly migration: string
}

const notColumns = /^(CHECK|CONSTRAINT|PRIMARY|UNIQUE|FOREIGN|EXCLUDE|LIKE)\b/i

/** Splits at commas that stand in no parentheses. */
const atCommas = (text: string): ReadonlyArray<string> => {
  const parts = [""]
  let depth = 0
  for (const letter of text) {
    if (letter === "(") depth += 1
    if (letter === ")") depth -= 1
    if (letter === "," && depth === 0) parts.push("")
    else parts.push(`${parts.pop() ?? ""}${letter}`)
  }
  return parts.map((part) => part.trim())
}

const textsOf = (file: ProjectFile): ReadonlyArray<string> =>
  nodesOf(programOf(file)).flatMap((node) => {
    if (node.type === "TemplateLiteral") return [file.text.slice(node.start + 1, node.end - 1)]
    return node.type === "Literal" && typeof node["value"] === "string" ? [node["value"]] : []
  })

/** One statement's columns: added and dropped ones. */
const changesOf = (written: string) => {
  const statement = written.replaceAll(/--.*$/gm, "")
  const [, table, body] = /^\s*CREATE TABLE (\w+) \(([\s\S]*)\)\s*$/.exec(statement) ?? []
  if (table !== undefined && body !== undefined) {
    const columns = atCommas(body).filter((part) => !notColumns.test(part))
    return { table, added: columns.map((part) => part.split(/\s/)[0] ?? ""), dropped: [] }
  }
  const [, altered = ""] = /^\s*ALTER TABLE (\w+)\b/.exec(statement) ?? []
  const named = (pattern: RegExp) =>
    [...statement.matchAll(pattern)].map(([, name, renamed]) => name ?? renamed ?? "")
  return {
    table: altered,
    added: altered === "" ? [] : named(/\bADD COLUMN (?:IF NOT EXISTS )?(\w+)|\bRENAME COLUMN \w+ TO (\w+)/g),
    dropped: altered === "" ? [] : named(/\b(?:DROP|RENAME) COLUMN (?:IF EXISTS )?(\w+)/g)
  }
}

export const columnsOf = (migrations: ReadonlyArray<ProjectFile>): ReadonlyArray<Column> => {
  const columns = new Map<string, Column>()
  for (const migration of migrations.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    for (const statement of textsOf(migration)) {
      const { added, dropped, table } = changesOf(statement)
      for (const column of dropped) columns.delete(`${table}.${column}`)
      for (const column of added) {
        columns.set(`${table}.${column}`, { column, migration: migration.path, table })
      }
    }
  }
  return [...columns.values()]
}

/**
 * Words of every statement of src that inserts into the table or updates it, and of every file that describes
 * it: one that holds the table's name as a text of its own.
 */
const wordsWriting = (src: ReadonlyArray<ProjectFile>): (table: string) => ReadonlySet<string> => {
  const texts = src.flatMap((file) => textsOf(file).map((text) => ({ file, text })))
  return (table) => {
    const writes = new RegExp(String.raw`\b(INSERT INTO|UPDATE|MERGE INTO) ${table}\b`)
    const found = texts.flatMap(({ file, text }) =>
      writes.test(text) ? [text] : text === table ? [file.text] : []
    )
    return new Set(found.flatMap((text) => text.match(/\w+/g) ?? []))
  }
}

/** Columns that no statement of src ever gives a value. */
export const unwritten = (files: ReadonlyArray<ProjectFile>): ReadonlyArray<Column> => {
  const migrations = files.filter(({ path }) => /^migrations\/\d/.test(path))
  const wordsOf = wordsWriting(files.filter(({ path }) => path.startsWith("src/") && isCode(path)))
  const known = new Map<string, ReadonlySet<string>>()
  return columnsOf(migrations).filter(({ column, table }) => {
    const words = known.get(table) ?? wordsOf(table)
    known.set(table, words)
    return !words.has(column)
  })
}
