// Every shipped scenario, run as `npm run simulate -- --scenario all` runs it; and the language of scripts
// itself.
import { assert, describe, it } from "@effect/vitest"
import { runScenario } from "../../simulator/scenarios/run.ts"
import { shippedScenarios } from "../../simulator/scenarios/shipped.ts"
import { microseconds, scenario } from "../../simulator/scenarios/script.ts"

describe("a shipped scenario", () => {
  for (const each of shippedScenarios) {
    it(`holds: ${each.name}`, () => {
      const { failure } = runScenario(each)
      assert.isNull(failure, failure === null ? "" : `${failure.step}: ${failure.text}`)
    })
  }
})

describe("a scenario", () => {
  it("says what was expected and what was there instead", () => {
    const wrong = scenario("wrong", "expects what does not happen", (script) => {
      const sari = script.customer("sari")
      script.at("1 s", sari.sees("paired"))
    })
    assert.strictEqual(runScenario(wrong).failure?.text, "expected: sari has heard paired; found: []")
  })

  it("fails when the moment of a step never comes", () => {
    const waiting = scenario("waiting", "waits for what never happens", (script) => {
      const ayu = script.mitra("ayu")
      script.when(ayu.isOffered, ayu.accepts())
    })
    assert.strictEqual(runScenario(waiting).failure?.text, "never happened: ayu is offered a request")
  })

  it("reads instants to the microsecond, and refuses what is none", () => {
    assert.strictEqual(microseconds("12.000001 s"), 12_000_001)
    assert.strictEqual(microseconds("3 min"), 180_000_000)
    assert.throws(() => microseconds("soon" as "1 s"), /"soon" is no time/)
  })
})
