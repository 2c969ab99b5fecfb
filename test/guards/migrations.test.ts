// Migrations change databases that are in use: each is registered under its own name, and from 0012 on has a
// test that runs it on rows of before.
import { assert, describe, it } from "@effect/vitest"
import { type ProjectFile, projectFiles } from "../tidy/project-files.ts"

const registry = "src/layers/platform/postgres/migrations.ts"

/** Written before the server was first in use: every integration test runs them, on an empty database. */
const lastOnEmptyDatabases = 11

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
  return migrations.toSorted().flatMap((migration, index) => {
    const number = Number.parseInt(migration)
    const problems: ReadonlyArray<readonly [wrong: boolean, problem: string]> = [
      [number !== index + 1, "is not the next number"],
      [!isImported(registered, migration) || !registered.includes(`"${migration}": `), "is not registered"],
      [
        number > lastOnEmptyDatabases && !tests.some(({ text }) => isImported(text, migration)),
        "has no integration test that imports it and runs it on rows of before"
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
})
