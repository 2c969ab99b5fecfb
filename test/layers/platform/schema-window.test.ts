// The schemas a version runs on, as a table: the one it was written for, older ones never, newer ones until
// something is gone that it reads.
import { assert, describe, it } from "@effect/vitest"
import { window, windowProblem } from "../../../src/layers/platform/postgres/schema-window.ts"

const code = { from: 20, written_for: 21 }
const verdict = (version: number, oldest_code: number) => {
  const problem = windowProblem({ version, oldest_code }, code)
  return problem === null
    ? "runs"
    : problem.includes("npm run migrate")
    ? "migrate first"
    : "deploy the newer"
}

describe("code written for schema 21, whose last step only takes away", () => {
  it.each([
    [0, 0, "migrate first"],
    [19, 0, "migrate first"],
    [20, 0, "runs"],
    [21, 21, "runs"],
    [22, 0, "runs"],
    [40, 21, "runs"],
    [22, 22, "deploy the newer"],
    [40, 30, "deploy the newer"]
  ])("on schema %i, which is for code of %i or newer: %s", (version, oldest, expected) => {
    assert.strictEqual(verdict(version, oldest), expected)
  })

  it("says both numbers and what to do", () => {
    assert.strictEqual(
      windowProblem({ version: 19, oldest_code: 0 }, code),
      "The database schema is at version 19, this server needs 20. Run `npm run migrate` first."
    )
  })
})

describe("this version's window", () => {
  it("ends at the schema it was written for, and begins no later", () => {
    assert.isAtMost(window.from, window.written_for)
  })
})
