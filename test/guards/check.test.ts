// What `npm run check` looks at: every folder with code, and the subjects of new commits.
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { projectFiles } from "../tidy/project-files.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const textOf = (path: string) => Fs.readFileSync(`${root}/${path}`, "utf8")

const subjectLengthMax = 72
/** The last commit before subjects were short. */
const base = "11265eb3c719cae90cf6e5bdf037d56dcb9f24b7"

const git = (...args: ReadonlyArray<string>): string | null => {
  try {
    return execFileSync("git", ["-c", "safe.directory=*", "-C", root, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    })
  } catch {
    return null
  }
}

/** A shallow clone without the base holds newer commits only; where there is no repository, none. */
const newSubjects = (): ReadonlyArray<string> => {
  const range = git("cat-file", "-e", `${base}^{commit}`) === null ? "HEAD" : `${base}..HEAD`
  return (git("log", "--no-merges", "--format=%s", range) ?? "").split("\n").filter((line) => line !== "")
}

const tooLong = (subjects: ReadonlyArray<string>) =>
  subjects.filter((subject) => [...subject].length > subjectLengthMax)

describe("npm run check", () => {
  it("types, lints and formats every folder that holds code", () => {
    const folders = new Set(
      projectFiles().flatMap(({ path }) => /^([^/]+)\/.*\.m?tsx?$/.exec(path)?.slice(1) ?? [])
    )
    const included: ReadonlyArray<string> = JSON.parse(textOf("tsconfig.json")).include
    // What runs in a browser has a configuration of its own.
    const { scripts } = JSON.parse(textOf("package.json"))
    const isTyped = (folder: string): boolean =>
      included.includes(folder) || scripts["types"].split(" && ").includes(`tsc -p ${folder}`)
    assert.deepStrictEqual([...folders].filter((folder) => !isTyped(folder)), [])
    assert.include(scripts["check:static"], "npm run --silent types")
    assert.include(textOf("dprint.json"), "\"includes\": [\"**/*.{ts,tsx,mts,js,mjs,json}\"]")
    assert.include(
      textOf(".oxlintrc.json"),
      "\"ignorePatterns\": [\".data\", \"coverage\", \"console/dist\"]"
    )
  })
})

describe("a commit", () => {
  it("has a subject of at most 72 characters", () => {
    assert.deepStrictEqual(tooLong(newSubjects()), [])
  })

  it("with a longer subject is found", () => {
    assert.deepStrictEqual(tooLong(["a".repeat(72), "b".repeat(73)]), ["b".repeat(73)])
  })
})
