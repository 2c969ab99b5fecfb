// Every shipped scenario, run as `npm run simulate -- --scenario all` runs it; and the language of scripts
// itself.
import { assert, describe, it } from "@effect/vitest"
import { runScenario, timelineOf } from "../../simulator/scenarios/run.ts"
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

  it("says of long lists only what decides", () => {
    const bodies = Array.from({ length: 60 }, (_, index) => `message ${index}`)
    const wrong = scenario("wrong list", "one message of many is missing", (script) => {
      const ayu = script.mitra("ayu")
      const sari = script.customer("sari")
      script.at("0 s", ayu.goesOnline())
      script.at("2 s", sari.pays("chat_5"))
      script.at("8 s", ayu.accepts())
      bodies.forEach((body, index) => script.at(`${10 + index / 2} s`, sari.says(body)))
      script.at("50 s", ayu.hasHeard("message 3", "message 9"))
      script.at("51 s", ayu.heardExactly(...bodies.toSpliced(30, 1)))
    })
    const result = runScenario(wrong)
    assert.strictEqual(
      result.failure?.text.replace(/^.*; found: /, ""),
      "message 31 is \"message 30\" instead of \"message 31\"; 60 messages, 59 expected"
    )
    assert.include(result.failure?.step, "and 51 more")
    const lines = timelineOf(result).split("\n")
    assert.isBelow(lines.length, 42)
    assert.notInclude(lines[0], "sari")
  })

  it("holds the rules of the checkers too, where it wants them, against a planted bug", () => {
    const planted = scenario("planted", "a chat gives no slot back", (script) => {
      script.with({ rules: true, mutant: "kept-slots" })
      const ayu = script.mitra("ayu")
      const sari = script.customer("sari")
      script.at("0 s", ayu.goesOnline())
      script.at("2 s", sari.pays("chat_5"))
      script.at("8 s", ayu.accepts())
      script.at("20 s", sari.ends())
      script.at("30 s", sari.saysGoodbye(), ayu.saysGoodbye())
      script.at("60 s", sari.isConnected())
    })
    assert.strictEqual(runScenario(planted).failure?.step, "the rule \"2 capacity\"")
  })

  it("reads instants to the microsecond, and refuses what is none", () => {
    assert.strictEqual(microseconds("12.000001 s"), 12_000_001)
    assert.strictEqual(microseconds("3 min"), 180_000_000)
    assert.throws(() => microseconds("soon" as "1 s"), /"soon" is no time/)
  })
})
