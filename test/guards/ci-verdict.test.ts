// What CI makes of a run: a few red files with real servers are tried again and named, nothing else is, and
// what is still red, skipped or unexplained is a failure.
import { assert, describe, it } from "@effect/vitest"
import { verdictOf, worthASecondTry } from "../support/ci-verdict.ts"

type Status = "passed" | "failed" | "skipped"

const file = (name: string, ...statuses: ReadonlyArray<Status>) => ({
  name,
  status: statuses.some((status) => status !== "passed") || statuses.length === 0 ? "failed" : "passed",
  assertionResults: statuses.map((status, at) => ({ status, fullName: `test ${at}` }))
})

const run = (...testResults: ReadonlyArray<ReturnType<typeof file>>) => ({ testResults })

const green = file("/a/green.test.ts", "passed", "passed")
const real = (name: string, ...statuses: ReadonlyArray<Status>) =>
  file(`/a/${name}.integration.test.ts`, ...statuses)

describe("a second try in CI", () => {
  it("is for red files with real servers, three at most", () => {
    const reds = ["one", "two", "three"].map((name) => real(name, "failed"))
    assert.deepStrictEqual(worthASecondTry(run(green, ...reds)), reds.map((one) => one.name))
    assert.deepStrictEqual(worthASecondTry(run(green, ...reds, real("four", "failed"))), [])
    assert.deepStrictEqual(worthASecondTry(run(reds[0]!, file("/a/unit.test.ts", "failed"))), [])
    assert.deepStrictEqual(worthASecondTry(run(green)), [])
    assert.deepStrictEqual(worthASecondTry(null), [])
  })

  it("that is green is counted, and named", () => {
    const first = run(green, real("one", "passed", "failed"), real("hook", "skipped", "skipped"))
    const second = run(real("one", "passed", "passed"), real("hook", "passed", "passed"))
    assert.deepStrictEqual(verdictOf(first, 1, second), {
      passed: 6,
      failed: 0,
      flaky: [
        "/a/one.integration.test.ts > test 1",
        "/a/hook.integration.test.ts > test 0",
        "/a/hook.integration.test.ts > test 1"
      ]
    })
  })

  it("that is red again, or that did not happen, leaves the run red", () => {
    const first = run(green, real("one", "passed", "failed"))
    assert.deepStrictEqual(verdictOf(first, 1, first), { passed: 3, failed: 1, flaky: [] })
    assert.deepStrictEqual(verdictOf(first, 1, null), { passed: 3, failed: 1, flaky: [] })
  })

  it("does not help a unit test, a crash outside the tests, a skipped test or an empty run", () => {
    const unit = run(file("/a/unit.test.ts", "failed"))
    const later = run(file("/a/unit.test.ts", "passed"))
    assert.deepStrictEqual(verdictOf(unit, 1, later), { passed: 0, failed: 1, flaky: [] })
    assert.deepStrictEqual(verdictOf(run(green), 1, null), { passed: 2, failed: 1, flaky: [] })
    const skipped = { ...green, assertionResults: [{ status: "skipped" as const, fullName: "test" }] }
    assert.deepStrictEqual(verdictOf(run(skipped), 0, null), { passed: 0, failed: 1, flaky: [] })
    assert.deepStrictEqual(verdictOf(null, 1, null), { passed: 0, failed: 1, flaky: [] })
    assert.deepStrictEqual(verdictOf(run(real("broken")), 1, null), { passed: 0, failed: 1, flaky: [] })
  })
})
