// Scenarios on the terminal: by name, from a file, or all of them; a failure shows the lines that decide it.
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { htmlOf } from "../report/html.ts"
import { chromeTraceOf } from "../report/chrome-trace.ts"
import { timelineDataOf } from "../report/timeline-data.ts"
import { commitOf } from "../run/commit.ts"
import { runScenario, type ScenarioResult, simulationOf, timelineOf } from "../scenarios/run.ts"
import { shippedScenarios } from "../scenarios/shipped.ts"
import type { Scenario } from "../scenarios/script.ts"
import { write } from "./one-run.ts"
import type { SimulateOptions } from "./options.ts"
import { say } from "./terminal.ts"

const scenariosNamed = async (name: string): Promise<ReadonlyArray<Scenario>> => {
  if (name === "all") return shippedScenarios
  const shipped = shippedScenarios.filter((each) => each.name === name)
  if (shipped.length > 0) return shipped
  if (!Fs.existsSync(name)) {
    throw new Error(
      `there is no scenario "${name}" and no such file; "npm run simulate -- --scenario list" shows them all`
    )
  }
  const module = await import(pathToFileURL(Path.resolve(name)).href)
  const found = Object.values(module).filter((each): each is Scenario =>
    typeof each === "object" && each !== null && "write" in each && "name" in each
  )
  if (found.length > 0) return found
  throw new Error(
    `${name} exports no scenario; expected \`export const mine = scenario("...", "...", (script) => {})\``
  )
}

const writePage = (file: string, result: ScenarioResult): void => {
  const { failure, scenario } = result
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["scenario", scenario.about],
    ...(failure === null ? [] : [["step", failure.step] as const])
  ]
  write(
    file,
    htmlOf(timelineDataOf(simulationOf(result), {
      title: scenario.name,
      facts,
      replay: `npm run simulate -- --scenario "${scenario.name}"`,
      commit: commitOf()
    }, result.recording))
  )
  say(`      page: ${file}`)
}

/** With several scenarios each has a file of its own. */
const fileOf = (file: string, index: number, count: number): string =>
  count === 1 ? file : file.replace(/(\.\w+)?$/, (ending) => `-${index + 1}${ending}`)

export const scenarios = async (name: string, options: SimulateOptions): Promise<boolean> => {
  if (name === "list") {
    for (const each of shippedScenarios) say(`${each.name}\n    ${each.about}`)
    return true
  }
  let isSound = true
  const all = await scenariosNamed(name)
  for (const [index, each] of all.entries()) {
    const result = runScenario(each, options.seed)
    const { failure } = result
    say(`${failure === null ? "ok  " : "FAIL"}  ${each.name}`)
    if (options.html !== null) writePage(fileOf(options.html, index, all.length), result)
    if (options.trace !== null) {
      const trace = chromeTraceOf(simulationOf(result), result.recording)
      write(fileOf(options.trace, index, all.length), JSON.stringify(trace))
    }
    if (failure === null) continue
    isSound = false
    say(`\n  at the step "${failure.step}": ${failure.text}\n\n${timelineOf(result)}\n`)
  }
  return isSound
}
