// All tidy rules by the name that exceptions refer to.
import {
  boundsAreInRealTime,
  functionsFit,
  sqlHasNoClock,
  testsAreHonest,
  timeAndChanceAreEffects
} from "./rules-on-code.ts"
import { importsPointOneWay, productionInstallsWhatItImports } from "./rules-on-imports.ts"
import { namesAreKebabCase, namesSaySomething, noBarrels } from "./rules-on-names.ts"
import {
  fileFits,
  linesFit,
  lockKnowsEveryPlatform,
  namesNoRegistry,
  nothingUnfinished,
  opensWithHeader
} from "./rules-on-text.ts"
import { noDeadFiles } from "./rules-on-reach.ts"
import { noRetiredWords } from "./rules-on-words.ts"
import type { ProjectFile, Rule, Violation } from "./project-files.ts"

const everyFile = (rule: Rule) => (files: ReadonlyArray<ProjectFile>) => files.flatMap(rule)

export const rules: Readonly<
  Record<string, (files: ReadonlyArray<ProjectFile>) => ReadonlyArray<Violation>>
> = {
  "imports point one way": everyFile(importsPointOneWay),
  "production imports only what it installs": productionInstallsWhatItImports,
  "time and chance come from Effect": everyFile(timeAndChanceAreEffects),
  "bounded waits are measured in real time": everyFile(boundsAreInRealTime),
  "SQL gets its times as parameters": everyFile(sqlHasNoClock),
  "every file opens with what it owns": everyFile(opensWithHeader),
  "files stay under 300 lines": everyFile(fileFits),
  "functions stay under 70 lines": everyFile(functionsFit),
  "lines stay within 110 columns": everyFile(linesFit),
  "names are kebab-case": everyFile(namesAreKebabCase),
  "names say what a file owns": everyFile(namesSaySomething),
  "a retired word does not return": everyFile(noRetiredWords),
  "every file is reached": noDeadFiles,
  "there are no index barrels": everyFile(noBarrels),
  "tests are never skipped, narrowed or retried": everyFile(testsAreHonest),
  "nothing is left unfinished": everyFile(nothingUnfinished),
  "no file names a package registry": everyFile(namesNoRegistry),
  "the lock file knows every platform": everyFile(lockKnowsEveryPlatform)
}
