// Every shipped scenario, played as `npm run simulate -- --scenario all` plays it; and the player itself.
import { assert, describe, it } from "@effect/vitest"
import { playScenario } from "../../simulator/scenarios/run.ts"
import { shippedScenarios } from "../../simulator/scenarios/shipped.ts"
import { microseconds, scenario } from "../../simulator/scenarios/script.ts"

describe("a shipped scenario", () => {
  for (const each of shippedScenarios) {
    it(`holds: ${each.name}`, () => {
      const { failure } = playScenario(each)
      assert.isNull(failure, failure === null ? "" : `${failure.step}: ${failure.text}`)
    })
  }
})

describe("the player", () => {
  it("says what was expected and what was there instead", () => {
    const wrong = scenario("wrong", "expects what does not happen", (story) => {
      const sari = story.customer("sari")
      story.at("1 s", sari.sees("paired"))
    })
    assert.strictEqual(playScenario(wrong).failure?.text, "expected: sari has heard paired; found: []")
  })

  it("fails when the moment of a step never comes", () => {
    const waiting = scenario("waiting", "waits for what never happens", (story) => {
      const ayu = story.mitra("ayu")
      story.when(ayu.isOffered, ayu.accepts())
    })
    assert.strictEqual(playScenario(waiting).failure?.text, "never happened: ayu is offered a request")
  })

  it("reads instants to the microsecond, and refuses what is none", () => {
    assert.strictEqual(microseconds("12.000001 s"), 12_000_001)
    assert.strictEqual(microseconds("3 min"), 180_000_000)
    assert.throws(() => microseconds("soon" as "1 s"), /"soon" is no time/)
  })
})
