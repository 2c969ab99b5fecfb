// What is learned once about a tree with mutants in it, and would be learned again by every run that goes on
// from there: kept by what the tree holds, and forgotten when that changes.
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { folder } from "./results.ts"

const textsUnder = (path: string): ReadonlyArray<string> =>
  Fs.statSync(path).isFile()
    ? [path]
    : Fs.readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => Path.join(path, name))
      .filter((name) => Fs.statSync(name).isFile()).toSorted()

/** A name for what lies under these paths of the tree. */
export const contentsOf = (tree: string, paths: ReadonlyArray<string>): string => {
  const hash = createHash("sha256")
  for (const file of paths.flatMap((path) => textsUnder(Path.join(tree, path)))) {
    hash.update(`${Path.relative(tree, file)}\0`).update(Fs.readFileSync(file)).update("\0")
  }
  return hash.digest("hex").slice(0, 32)
}

const keptMax = 200

/** Answers by key under one name, newest last; all are gone when `contents` are others. */
export const keptAnswers = <A>(name: string, contents: string) => {
  const file = `${folder}/${name}.json`
  const read = (): ReadonlyArray<readonly [string, A]> => {
    if (!Fs.existsSync(file)) return []
    const kept = JSON.parse(Fs.readFileSync(file, "utf8")) as {
      readonly contents: string
      readonly answers: ReadonlyArray<readonly [string, A]>
    }
    return kept.contents === contents ? kept.answers : []
  }
  const answers = new Map(read())
  return {
    get: (key: string): A | undefined => answers.get(key),
    put: (key: string, answer: A): void => {
      answers.set(key, answer)
      Fs.writeFileSync(file, JSON.stringify({ contents, answers: [...answers].slice(-keptMax) }))
    }
  }
}
