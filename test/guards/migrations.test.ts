// Migrations change databases that are in use: each is registered under its own name, from 0012 on has a test
// that runs it on rows of before, and from 0016 on is marked as a contract when it takes something away.
import { assert, describe, it } from "@effect/vitest"
import { type ProjectFile, projectFiles } from "../tidy/project-files.ts"

const registry = "src/layers/platform/postgres/migrations.ts"

/** Written before the server was first in use: every integration test runs them, on an empty database. */
const lastOnEmptyDatabases = 11
/** Written when no version ran beside another one. */
const lastBeforeWindow = 15

/** What the version before may still read, write or count on. */
const takesAway = new RegExp(
  [
    "DROP (TABLE|COLUMN|FUNCTION|TYPE|VIEW)",
    "RENAME (TO|COLUMN)",
    "SET NOT NULL",
    "ALTER COLUMN \\w+ (SET DATA )?TYPE",
    "ADD COLUMN ((?!DEFAULT|,)[^`])*NOT NULL(?! DEFAULT)"
  ].map((words) => `\\b${words.replaceAll(" ", "\\s+")}\\b`).join("|"),
  "i"
)

/**
 * Without what takes nothing away: what a function does when it is called, indexes by another name, and a
 * table whose name the same migration gives to the one that now holds its rows.
 */
const changesIn = (text: string): string =>
  text.replaceAll(/CREATE FUNCTION[\s\S]*?\$\$[\s\S]*?\$\$/g, "")
    .replaceAll(/ALTER INDEX \S+ RENAME TO/g, "")
    .replaceAll(
      /ALTER TABLE (\S+) RENAME TO/g,
      (rename, name: string) => text.includes(`CREATE TABLE ${name} (`) ? "" : rename
    )

interface Problem {
  readonly migration: string
  readonly problem: string
}

const problemsOf = (files: ReadonlyArray<ProjectFile>): ReadonlyArray<Problem> => {
  const migrations = files.flatMap(({ path }) => {
    const [, name] = /^migrations\/(\d{4}_\w+)\.ts$/.exec(path) ?? []
    return name === undefined ? [] : [name]
  })
  const registered = files.find(({ path }) => path === registry)?.text ?? ""
  const tests = files.filter(({ path }) => /^test\/.*\.integration\.test\.ts$/.test(path))
  const isImported = (text: string, name: string) => text.includes(`migrations/${name}.ts"`)
  const contracts = registered.slice(registered.indexOf("const contracts"))
    .split("\n}")[0]?.split("interface")[0] ?? ""
  return migrations.toSorted().flatMap((migration, index) => {
    const text = files.find(({ path }) => path === `migrations/${migration}.ts`)?.text ?? ""
    const number = Number.parseInt(migration)
    const problems: ReadonlyArray<readonly [wrong: boolean, problem: string]> = [
      [number !== index + 1, "is not the next number"],
      [!isImported(registered, migration) || !registered.includes(`"${migration}": `), "is not registered"],
      [
        number > lastOnEmptyDatabases && !tests.some(({ text }) => isImported(text, migration)),
        "has no integration test that imports it and runs it on rows of before"
      ],
      [
        number > lastBeforeWindow && takesAway.test(changesIn(text)) && !contracts.includes(`"${migration}"`),
        "takes away what the version before may use: split it, or mark it in `contracts` of the registry"
      ]
    ]
    return problems.flatMap(([wrong, problem]) => wrong ? [{ migration, problem }] : [])
  })
}

describe("every migration", () => {
  const files = projectFiles()

  it("has the next number, its name in the registry, and a test on a database in use", () => {
    assert.deepStrictEqual(problemsOf(files), [])
  })

  it("that lacks one of them is named", () => {
    const names = Array.from(
      { length: lastOnEmptyDatabases },
      (_, n) => `${String(n + 1).padStart(4, "0")}_a`
    )
    const known = names.map((name) => ({ path: `migrations/${name}.ts`, text: "" }))
    const register = (...all: ReadonlyArray<string>) => ({
      path: registry,
      text: all.map((name) => `import a from "migrations/${name}.ts" "${name}": a`).join("\n")
    })
    const next = { path: "migrations/0012_b.ts", text: "" }
    const test = { path: "test/a.integration.test.ts", text: "import b from \"../migrations/0012_b.ts\"" }
    const said = (...others: ReadonlyArray<ProjectFile>) =>
      problemsOf([...known, ...others]).map(({ migration, problem }) => `${migration} ${problem}`)
    assert.deepStrictEqual(said(register(...names, "0012_b"), next, test), [])
    assert.deepStrictEqual(said(register(...names), next, test), ["0012_b is not registered"])
    assert.deepStrictEqual(said(register(...names, "0012_b"), next), [
      "0012_b has no integration test that imports it and runs it on rows of before"
    ])
    const gap = { path: "migrations/0014_b.ts", text: "" }
    assert.include(said(register(...names), gap), "0014_b is not the next number")
  })

  it.each([
    "ALTER TABLE mitras DROP COLUMN nick",
    "ALTER TABLE mitras RENAME COLUMN a TO b",
    "ALTER TABLE mitras ALTER COLUMN a SET NOT NULL",
    "ALTER TABLE mitras ALTER COLUMN a TYPE bigint",
    "ALTER TABLE mitras ADD COLUMN a int NOT NULL",
    "DROP TABLE mitras",
    "ALTER TABLE mitras RENAME TO besties"
  ])("that takes something away is a contract: %s", (statement) => {
    const names = Array.from({ length: 16 }, (_, n) => `${String(n + 1).padStart(4, "0")}_a`)
    const all = names.map((name) => ({ path: `migrations/${name}.ts`, text: "" }))
    all[15] = { path: "migrations/0016_a.ts", text: statement }
    const tests = names.map((name) => `"../migrations/${name}.ts"`).join("\n")
    const register = names.map((name) => `"migrations/${name}.ts" "${name}": a`).join("\n")
    const said = (contracts: string) =>
      problemsOf([
        ...all,
        { path: registry, text: `${register}\nconst contracts = {${contracts}}` },
        { path: "test/a.integration.test.ts", text: tests }
      ]).map(({ migration }) => migration)
    assert.deepStrictEqual(said(""), ["0016_a"])
    assert.deepStrictEqual(said("\"0016_a\": 16"), [])
  })

  it.each([
    "ALTER TABLE mitras ADD COLUMN a int NOT NULL DEFAULT 0",
    "ALTER TABLE mitras ADD COLUMN a int",
    "CREATE TABLE more (a int NOT NULL)",
    "DROP INDEX one",
    "ALTER TABLE mitras RENAME TO mitras_first`, `CREATE TABLE mitras (LIKE mitras_first)",
    "CREATE FUNCTION forget() RETURNS void AS $$ DROP TABLE old $$"
  ])("that only adds needs no mark: %s", (statement) => assert.notMatch(changesIn(statement), takesAway))
})
