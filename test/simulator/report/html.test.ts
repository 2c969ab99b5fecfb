// The page of a run: self-contained, and safe whatever people are called. How it looks was looked at in a
// real browser; see docs/simulation.md.
import { assert, describe, it } from "@effect/vitest"
import type { TimelineData } from "../../../simulator/report/timeline-data.ts"
import { htmlOf } from "../../../simulator/report/html.ts"

const timelineData: TimelineData = {
  title: "Seed </script><b>1",
  facts: [["seed", "1"]],
  replay: "npm run simulate -- --seed 1",
  commit: "abc1234",
  is_sound: false,
  starts_at: 0,
  lasts: 60_000,
  people: [{ id: "a", name: "Ayu", role: "mitra" }],
  online: { a: [[0, 1000]] },
  sessions: [],
  runners: [],
  faults: [],
  log: [],
  frames: [],
  violations: [{ at: 5, invariant: "narrative", text: "a -->\u2028 b", session: null, people: [] }]
}

/** What the page's own script finds in `run`. */
const dataOf = (page: string): unknown => {
  const [, json] = /const run = ([^\n]*)\n/.exec(page) ?? []
  return JSON.parse(json ?? "")
}

describe("the page of a run", () => {
  it("carries its data whole, and nothing in it ends the script", () => {
    const page = htmlOf(timelineData)
    assert.deepStrictEqual(dataOf(page), timelineData)
    assert.strictEqual(page.split("</script>").length, 2)
  })

  it("needs nothing from anywhere else", () => {
    assert.notMatch(htmlOf(timelineData), /(src|href)=|url\(|@import|https?:/)
  })

  it("has a script that a browser can read", () => {
    const [, script] = /<script>([\s\S]*)<\/script>/.exec(htmlOf(timelineData)) ?? []
    // Compiled, not run: there is no document here.
    // oxlint-disable-next-line no-new-func
    assert.doesNotThrow(() => new Function(script ?? "broken("))
  })
})
