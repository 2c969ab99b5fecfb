// The house rules, checked on every file of the project. What each rule calls a violation is shown in
// tidy/rules.test.ts.
import { assert, describe, it } from "@effect/vitest"
import { exceptions } from "./tidy/exceptions.ts"
import { projectFiles } from "./tidy/project-files.ts"
import { rules } from "./tidy/rules.ts"
import { unneededPending } from "./tidy/rules-on-words.ts"

const files = projectFiles()
const isExcepted = (rule: string, path: string) =>
  exceptions.some((one) => one.rule === rule && one.path === path)

describe("the whole project", () => {
  it("is what the rules look at", () => {
    const paths = files.map((file) => file.path)
    for (const path of ["src/main.ts", "test/tidy.test.ts", "package-lock.json", ".ci/run"]) {
      assert.include(paths, path)
    }
  })

  for (const [name, rule] of Object.entries(rules)) {
    it(`agrees that ${name}`, () => {
      const found = rule(files).filter(({ path }) => !isExcepted(name, path))
      assert.deepStrictEqual(found.map(({ line, message, path }) => `${path}:${line} ${message}`), [])
    })
  }

  it("still has every word whose renaming is pending", () => {
    assert.deepStrictEqual(unneededPending(files), [])
  })

  it("needs every exception it was granted", () => {
    const unneeded = exceptions.filter(({ path, rule }) =>
      !(rules[rule]?.(files) ?? []).some((violation) => violation.path === path)
    )
    assert.deepStrictEqual(unneeded, [])
  })
})
