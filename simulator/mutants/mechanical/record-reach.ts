// A set-up file of unit tests in the tree of the mutants: writes down which mutants each test file reaches,
// and how long the file takes. Loaded by reach.config.ts only.
import * as Fs from "node:fs"
import { afterAll, expect } from "vitest"
import { stopwatch } from "../../run/stopwatch.ts"
import { takeReached } from "./switch.ts"

const elapsed = stopwatch()
takeReached()

afterAll(() => {
  const { testPath } = expect.getState()
  const line = { file: testPath, reached: takeReached(), ms: Math.round(elapsed()) }
  Fs.appendFileSync(process.env["REACH_FILE"] ?? "reach.jsonl", `${JSON.stringify(line)}\n`)
})
