// A slice of the soak, as CI can afford it: the same runners, proxies and faults as `npm run soak`, fewer
// people and less than a minute of faults; the long one is a command.
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
const few = ["--customers", "10", "--mitras", "6"]

const soak = (args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number | string; readonly output: string }>((resolve) => {
    execFile(
      process.execPath,
      ["soak/main.ts", ...few, ...args],
      { cwd: root, env: { PATH: process.env["PATH"] ?? "" }, timeout: 110_000, maxBuffer: 8 * 1024 * 1024 },
      (error, out, problems) =>
        resolve({ code: error === null ? 0 : error.code ?? "killed", output: out + problems })
    )
  })

/** Of a rolling restart, by the soak's own table: what phones waited at the median, and the longest. */
const waits = (output: string): readonly [number, number] => {
  const [, median = "", worst = ""] = /^rolling-restart +1 +(\d+) ms.* (\d+) ms$/m.exec(output) ?? []
  return [Number(median || NaN), Number(worst || NaN)]
}

describe("three runners under faults drawn from a seed", { timeout: 120_000 }, () => {
  it("lose, double and reorder nothing, and are restarted one after the other without a pause", async () => {
    // The seed's first fault is a rolling restart, its second are three at once.
    const { code, output } = await soak(["--minutes", "0.4", "--seed", "29", "--alternate"])
    assert.strictEqual(code, 0, output)
    assert.match(output, /soak ok: 0 violations/)
    assert.match(output, /^ +1 {2}[^+]+$/m, "the first round has one fault")
    assert.match(output, /^ +2 {2}[^+]+( \+ [^+]+)+$/m, "the second has several")
    const [median, worst] = waits(output)
    assert.isBelow(median, 1_000, output)
    assert.isBelow(worst, 5_000, output)
  })
})
