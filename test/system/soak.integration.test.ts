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

describe("three runners under faults drawn from a seed", { timeout: 120_000 }, () => {
  it("lose, double and reorder nothing, one fault after the other and several at once", async () => {
    const { code, output } = await soak(["--minutes", "0.4", "--seed", "3", "--alternate"])
    assert.strictEqual(code, 0, output)
    assert.match(output, /soak ok: 0 violations/)
    assert.match(output, /^ +1 {2}[^+]+$/m, "the first round has one fault")
    assert.match(output, /^ +2 {2}[^+]+( \+ [^+]+)+$/m, "the second has several")
  })
})
