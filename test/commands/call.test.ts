// What is written after `call`, as the call's schema wants it: numbers where numbers are wanted, texts where
// texts are, and what may be left out is left out.
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { callLines, payloadOf } from "../../src/commands/call.ts"

const made = (tag: string, ...given: ReadonlyArray<string>) =>
  Result.getOrElse(payloadOf(tag, given, "command-1"), (problem) => assert.fail(problem.message))
const refused = (tag: string, ...given: ReadonlyArray<string>) =>
  Result.match(payloadOf(tag, given, "command-1"), {
    onFailure: (problem) => problem.message,
    onSuccess: () => assert.fail("it was accepted")
  })

describe("a call from the terminal", () => {
  it("needs no quotes: each value is read as the call wants it", () => {
    assert.deepStrictEqual(made("admin.push_costs", "days=7"), { days: 7 })
    assert.deepStrictEqual(made("admin.test_number_put", "phone=+628110000001", "code=123456"), {
      phone: "+628110000001",
      code: "123456"
    })
    assert.deepStrictEqual(made("admin.settings_write", "key=push_paused", "value=true"), {
      key: "push_paused",
      value: true
    })
  })

  it("leaves out what may be null, a page's length, a filter and the id of a command", () => {
    assert.deepStrictEqual(made("admin.mitras", "search=ayu"), {
      search: "ayu",
      filter: "all",
      after: null,
      limit: 20
    })
    assert.deepInclude(made("admin.push_replay"), { command_id: "command-1", push_id: null })
    assert.deepStrictEqual(made("admin.live_counts"), {})
  })

  it("says what it cannot do without", () => {
    assert.include(refused("admin.inspect_session"), "npm run call -- admin.inspect_session session_id=...")
    assert.deepStrictEqual(made("clock.advance", "duration_ms=60000"), { duration_ms: 60_000 })
  })

  it("is listed with what it takes", () => {
    assert.include(callLines(), "admin.mitras search filter after limit")
    assert.include(callLines(), "admin.live_counts")
  })

  it("that does not exist, or takes no such thing, is refused with what there is", () => {
    assert.include(refused("admin.counts"), "admin.live_counts")
    assert.include(refused("admin.mitras", "name=ayu"), "It takes: search, filter, after, limit")
    assert.include(refused("admin.mitras", "ayu"), "is no key=value")
  })
})
