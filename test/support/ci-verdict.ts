// What CI makes of vitest's JSON report. `again` prints the files worth a second try; `verdict` counts, names
// what needed one, and ends with `N passed, N failed` and an exit code that says the same.
// Why a second try, and for what: docs/decisions/0038-a-second-try-in-ci.md.
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"

export interface TestedFile {
  readonly name: string
  readonly status: string
  readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
}

export interface Report {
  readonly testResults: ReadonlyArray<TestedFile>
}

export interface Verdict {
  readonly passed: number
  readonly failed: number
  /** What passed only at the second try: `FILE > TEST`. */
  readonly flaky: ReadonlyArray<string>
}

/** More than this many red files are no coincidence. */
const filesMax = 3

const filesOf = (report: Report | null) => report?.testResults ?? []
const redFiles = (report: Report | null) => filesOf(report).filter((file) => file.status === "failed")
const unpassed = (file: TestedFile) => file.assertionResults.filter((test) => test.status !== "passed")

const countOf = (files: ReadonlyArray<TestedFile>) => {
  const tests = files.flatMap((file) => file.assertionResults)
  const passed = tests.filter((test) => test.status === "passed").length
  // A file that did not load has no tests.
  const broken = files.filter((file) => file.status === "failed" && unpassed(file).length === 0).length
  return { passed, failed: tests.length - passed + broken }
}

/** Only tests with real servers, browsers and time; what is computed comes out the same a second time. */
export const worthASecondTry = (report: Report | null): ReadonlyArray<string> => {
  const red = redFiles(report)
  const isReal = red.every((file) => file.name.endsWith(".integration.test.ts"))
  return isReal && red.length <= filesMax ? red.map((file) => file.name) : []
}

/**
 * `code` is how the run of all tests ended, `second` the report of the second try, null where there was none:
 * a file that was tried again counts as the second try found it. What was skipped is a failure, and so is a
 * run that ended badly with every test green (an unhandled error).
 */
export const verdictOf = (report: Report | null, code: number, second: Report | null): Verdict => {
  const red = new Set(worthASecondTry(report))
  const later = new Map(filesOf(second).filter(({ name }) => red.has(name)).map((file) => [file.name, file]))
  const { failed, passed } = countOf(filesOf(report).map((file) => later.get(file.name) ?? file))
  const mended = redFiles(report).filter(({ name }) => later.get(name)?.status === "passed")
  const flaky = mended.flatMap((file) => {
    const names = unpassed(file).map((test) => `${file.name} > ${test.fullName}`)
    return names.length > 0 ? names : [file.name]
  })
  const isUnexplained = code !== 0 && flaky.length === 0
  return { passed, failed: Math.max(failed, isUnexplained ? 1 : 0), flaky }
}

const read = (path: string | undefined): Report | null => {
  try {
    return JSON.parse(Fs.readFileSync(path ?? "", "utf8"))
  } catch {
    return null
  }
}

const main = ([what, first, code, second]: ReadonlyArray<string>): number => {
  if (what === "again") {
    for (const file of worthASecondTry(read(first))) console.log(Path.relative(process.cwd(), file))
    return 0
  }
  const { failed, flaky, passed } = verdictOf(read(first), Number(code), read(second))
  for (const name of flaky) console.log(`ci: FLAKY, passed only at the second try: ${name}`)
  console.log(`${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exit(main(process.argv.slice(2)))
