// The text timeline: columns, the world's lines, and what is left out.
import { assert, it } from "@effect/vitest"
import { timeline } from "../../../simulator/report/timeline.ts"

const entry = (at_s: number, who: string, what: string, detail = "") => ({
  at_us: at_s * 1_000_000,
  who,
  what,
  detail
})

it("gives each person a column and the world a line of its own", () => {
  const text = timeline(
    [
      entry(10, "ayu", "hears", "offer abc"),
      entry(11, "other", "hears", "offer abc"),
      entry(12, "faults", "kill", "runner-1 is killed"),
      entry(12.5, "ayu", "mitra.heartbeat", "ok"),
      entry(13, "sari", "customer.cancel", "ok"),
      entry(99, "sari", "hears", "later")
    ],
    { people: ["ayu", "sari"], from_us: 0, to_us: 60_000_000, zero_us: 10_000_000, linesMax: 10 }
  )
  assert.deepStrictEqual(
    text.split("\n"),
    [
      "              ayu                       sari",
      " 0:00:00.000  hears offer abc",
      ` 0:00:02.000  ${"-".repeat(52)}  kill runner-1 is killed`,
      `0:00:03.000  ${" ".repeat(26)}customer.cancel ok`.padStart(0)
    ].map((line, index) => index === 3 ? ` ${line}` : line)
  )
})
