// Which tests are nearest to a file of the server: its namesake first, then those that import it over the
// fewest files. Tests that read the text of the code, or play worlds, say nothing about a single slip.
import * as Fs from "node:fs"
import * as Path from "node:path"

const roots = ["src", "testkit", "test", "simulator"]
const leftOut = /^test\/(tidy|docs|guards|simulator|console|bench|ops)[./]/

const filesUnder = (path: string): ReadonlyArray<string> =>
  Fs.readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    .map((name) => Path.join(path, name)).toSorted()

const importersOf = (): ReadonlyMap<string, ReadonlyArray<string>> => {
  const importers = new Map<string, Array<string>>()
  for (const file of roots.flatMap(filesUnder)) {
    const text = Fs.readFileSync(file, "utf8")
    for (const [, name] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const imported = Path.join(Path.dirname(file), name!)
      importers.set(imported, [...importers.get(imported) ?? [], file])
    }
  }
  return importers
}

const isUnitTest = (file: string): boolean =>
  file.endsWith(".test.ts") && !file.endsWith(".integration.test.ts") && !leftOut.test(file)

const isIntegrationTest = (file: string): boolean =>
  file.endsWith(".integration.test.ts") && !leftOut.test(file) && !file.startsWith("test/system/")

const isNamesake = (file: string, test: string): boolean =>
  Path.basename(test).split(".")[0] === Path.basename(file).split(".")[0]

export interface Related {
  readonly unit: ReadonlyArray<string>
  readonly integration: ReadonlyArray<string>
}

export const makeRelated = (): (file: string, most: number) => Related => {
  const importers = importersOf()
  return (file, most) => {
    const distances = new Map([[file, 0]])
    for (const [each, distance] of distances) {
      for (const importer of importers.get(each) ?? []) {
        if (!distances.has(importer)) distances.set(importer, distance + 1)
      }
    }
    const nearest = (isTest: (name: string) => boolean, count: number): ReadonlyArray<string> =>
      [...distances].filter(([name]) => isTest(name))
        .map(([name, distance]) => ({ name, rank: distance - (isNamesake(file, name) ? 100 : 0) }))
        .toSorted((a, b) => a.rank - b.rank).slice(0, count).map(({ name }) => name)
    return { unit: nearest(isUnitTest, most), integration: nearest(isIntegrationTest, 2) }
  }
}
