// Docs and comments name only what exists: files, tests by their titles, npm commands and their flags,
// identifiers, decisions. Every rule is first shown red on a text that is wrong.
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { payloadOf } from "../../src/commands/call.ts"
import { AdminApi } from "../../src/contract/staff/staff-api.ts"
import { parse, type ProjectFile, projectFiles, projectPaths } from "../tidy/project-files.ts"
import { rules } from "../tidy/rules.ts"
import {
  codeOf,
  decisionsIn,
  filesNamed,
  callsIn,
  commandsIn,
  flagsIn,
  identifiersIn,
  pathsIn,
  type Handed,
  proseOf,
  type Quote,
  type Reference,
  scriptsIn,
  shellWords,
  titlesIn,
  wordsIn
} from "./references.ts"

const files = projectFiles()
const paths = projectPaths()
const textOf = new Map(files.map((file) => [file.path, file.text]))
// Titles are compared without their line breaks and escapes.
const plain = (text: string) => text.replaceAll("\\", "").replaceAll(/\s+/g, " ")
const plainTests = new Map(
  files.filter(({ path }) => /^(test|testkit)\//.test(path)).map((file) => [file.path, plain(file.text)])
)

const scripts: Readonly<Record<string, string>> = JSON.parse(textOf.get("package.json") ?? "").scripts
// Not from here: the wrong samples below would make themselves right.
const words = new Set(
  files.filter(({ path }) => !path.startsWith("test/docs/")).flatMap((file) =>
    codeOf(file).match(/\w+/g) ?? []
  )
)
/** Words between backticks that belong to other programs. */
const foreign = new Set([
  "curl",
  "jq",
  "noeviction",
  "NOTIFY",
  "log_min_duration_statement",
  "THIRD_PARTY_AUTH_ERROR",
  "_ms",
  "_seconds"
])

/** Where the flags of a script are declared, if not in its program. */
const declaredElsewhere: Readonly<Record<string, string>> = {
  demo: "demo/options.mjs",
  soak: "soak/options.ts",
  bench: "bench/peers/options.ts"
}
const declaredIn = (script: string): string =>
  declaredElsewhere[script] ?? scripts[script]?.split(" ").findLast((word) => /\.(ts|mjs)$/.test(word)) ?? ""

/** What a script is told to do, where it does more than one thing. */
const tasksOf: Readonly<Record<string, (word: string) => boolean>> = {
  bench: (word) => textOf.get("bench/main.ts")?.includes(`  "${word}": {`) === true,
  call: (word) => AdminApi.requests.has(word),
  settings: (word) => word === "set",
  inspect: (word) => ["session", "mitra", "payment"].includes(word)
}

const unknownPath = ({ name }: Reference) => filesNamed(name, paths).length === 0
const unknownScript = ({ name }: Reference) => !Object.hasOwn(scripts, name)
const unknownDecision = ({ name }: Reference) =>
  !paths.some((path) => path.startsWith(`docs/decisions/${name}-`))
const unknownIdentifier = ({ name }: Reference) =>
  !foreign.has(name) && !name.split(".").every((word) => words.has(word))
const unknownTitle = ({ file, name }: Quote) =>
  !Object.hasOwn(rules, name) &&
  !filesNamed(file, paths).some((path) => plainTests.get(path)?.includes(plain(name)))
const unknownFlag = ({ name, script }: Handed) =>
  !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(textOf.get(declaredIn(script)) ?? "")
const unknownTask = ({ name, script }: Handed) => tasksOf[script]?.(name) !== true
const refusedCall = ({ name }: Reference) => {
  const [tag = "", ...given] = shellWords(name)
  return Result.isFailure(payloadOf(tag, given, "command"))
}
const unknownCommand = ({ name }: Reference) => textOf.get("src/cli.ts")?.includes(`"${name}",`) !== true

const kinds: Readonly<Record<string, (text: string) => ReadonlyArray<Reference>>> = {
  "files that exist": (text) => pathsIn(text).filter(unknownPath),
  "titles of tests that are in the file named before them": (text) => titlesIn(text).filter(unknownTitle),
  "npm scripts that package.json has": (text) => scriptsIn(text).filter(unknownScript),
  "flags that the script declares": (text) => flagsIn(text).filter(unknownFlag),
  "tasks that the script has": (text) => wordsIn(text).filter(unknownTask),
  "calls with what they take": (text) => callsIn(text).filter(refusedCall),
  "commands that the server has": (text) => commandsIn(text).filter(unknownCommand),
  "decisions that were taken": (text) => decisionsIn(text).filter(unknownDecision),
  "identifiers that the code has": (text) => identifiersIn(text).filter(unknownIdentifier)
}

const broken: Readonly<Record<keyof typeof kinds, readonly [wrong: string, right: string]>> = {
  "files that exist": [
    "`src/actors/front.ts`, [a](../gone.md), layers/v/*-scripts.ts, `test/http/none/*`, journal-rites.ts",
    "`src/actors/turn.ts`, [a](../README.md), layers/*/mirror/*-scripts.ts, `test/http/*`, journal.ts"
  ],
  "titles of tests that are in the file named before them": [
    "`test/tidy.test.ts` \"a title nobody wrote\", `test/tidy/*.ts` \"nor this\"",
    "`test/tidy.test.ts` \"needs every exception it was granted\", `test/tidy/*.ts` \"are never index\""
  ],
  "npm scripts that package.json has": ["`npm run tests:all`", "`npm run check`, npm run --silent types"],
  "flags that the script declares": [
    "npm run simulate -- --sead 7, `npm run --silent soak -- --minute 3`, npm run bench -- peers --smok",
    "npm run simulate -- --seed 7, `npm run --silent soak -- --minutes 3`, npm run bench -- peers --smoke"
  ],
  "tasks that the script has": [
    "`npm run bench -- messages-of-old`, `npm run call -- admin.counts`, npm run soak -- now",
    "`npm run bench -- messages ../other`, `npm run call -- admin.live_counts`, npm run soak -- --minutes 3"
  ],
  "calls with what they take": [
    "`npm run call -- clock.advance`, `npm run call -- clock.advance days=1`",
    "`npm run call -- clock.advance duration_ms=1`, npm run call -- clock.set instant='a b'"
  ],
  "commands that the server has": ["node src/cli.ts start, npx halobestie reseed", "node src/cli.ts serve"],
  "decisions that were taken": ["decision 9999, see decisions/0999", "decision 7, docs/decisions/0008"],
  "identifiers that the code has": ["`notAWordOfOurs`, `Requests.neverHeard`", "`Requests.confirmPaid`"]
}

describe("a document or a comment names", () => {
  for (const [kind, wrongOnes] of Object.entries(kinds)) {
    it(`only ${kind}`, () => {
      const found = files.flatMap((file) =>
        wrongOnes(proseOf(file) ?? "").map(({ line, name }) => `${file.path}:${line} ${name}`)
      )
      assert.deepStrictEqual(found.filter((each) => !each.startsWith("test/docs/")), [])
    })

    it(`only ${kind}: seen red and green`, () => {
      const [wrong, right] = broken[kind] ?? assert.fail(kind)
      assert.isAtLeast(wrongOnes(wrong).length, wrong.split(",").length)
      assert.deepStrictEqual(wrongOnes(right), [])
    })
  }
})

it("README or CONTRIBUTING tells of every script", () => {
  const told = ["README.md", "CONTRIBUTING.md"].map((path) => textOf.get(path) ?? "").join("\n")
  // npm itself runs `prepare`; the other three are what `check:static` is made of.
  const inside = new Set(["prepare", "format:check", "lint", "types"])
  const named = new Set(scriptsIn(told).map(({ name }) => name))
  for (const word of ["start", "test"]) if (told.includes(`npm ${word}`)) named.add(word)
  assert.deepStrictEqual(Object.keys(scripts).filter((name) => !inside.has(name) && !named.has(name)), [])
})

it("docs/architecture.md names every capability", () => {
  const [, list = ""] = /The capabilities are ([^:]+):/.exec(textOf.get("docs/architecture.md") ?? "") ?? []
  const folders = new Set(paths.flatMap((path) => /^src\/services\/([\w-]+)\/\w/.exec(path)?.[1] ?? []))
  // Not of the product: what the process stands on, and what only testers have.
  for (const name of ["platform", "manual-clock"]) folders.delete(name)
  assert.sameMembers(list.split(/,\s+/), [...folders])
})

describe("what is read for references", () => {
  it("is all of a document and of code the comments, at their lines", () => {
    const code: ProjectFile = { path: "src/a.ts", text: "// One.\nconst a = \"src/b.ts\" // Two.\n" }
    assert.deepStrictEqual((proseOf(code) ?? "").split("\n").map((line) => line.trim()), [
      "// One.",
      "// Two.",
      ""
    ])
    assert.isNotEmpty(parse(code).comments)
    assert.strictEqual(proseOf({ path: "docs/a.md", text: "All." }), "All.")
    assert.strictEqual(proseOf({ path: "package.json", text: "{}" }), null)
  })
})
