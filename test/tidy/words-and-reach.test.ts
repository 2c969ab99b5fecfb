// Two rules that look beyond one line, shown red and green: retired words in identifiers, and files that no
// entry point reaches.
import { assert, describe, it } from "@effect/vitest"
import type { ProjectFile } from "./project-files.ts"
import { rules } from "./rules.ts"

const accused = (rule: string, files: ReadonlyArray<ProjectFile>): ReadonlyArray<string> =>
  (rules[rule]?.(files) ?? assert.fail(`no rule "${rule}"`)).map(({ line, path }) => `${path}:${line}`)

const assertRed = (rule: string, path: string, text: string, line = 1) =>
  assert.deepStrictEqual(accused(rule, [{ path, text }]), [`${path}:${line}`])

const assertGreen = (rule: string, path: string, text: string) =>
  assert.deepStrictEqual(accused(rule, [{ path, text }]), [])

describe("a retired word", () => {
  const rule = "a retired word does not return"
  it("is found in any identifier, in camel or snake case, in one number or two", () => {
    for (const name of ["frontDoor", "MitraFrontDoors", "front_door_of", "#frontDoor"]) {
      assertRed(
        rule,
        "src/a.ts",
        name.startsWith("#") ? `class A {\n  ${name} = 1\n}` : `\nconst ${name} = 1`,
        2
      )
    }
    assertRed(rule, "test/a.ts", "f({ hearPaid: 1 })")
    assertRed(rule, "testkit/a.ts", "a.rests_until")
  })

  it("is free in comments, in strings, in longer words, and outside of its folder", () => {
    assertGreen(rule, "src/a.ts", "// frontDoor\nconst a = \"frontDoor\"")
    assertGreen(rule, "src/a.ts", "const frontDoorway = broadcast")
    assertGreen(rule, "testkit/a.ts", "const Stage = story")
    assertGreen(rule, "demo/a.mjs", "const frontDoor = 1")
  })

  it("that is an ordinary word is found only as the name it was", () => {
    assertRed(rule, "src/a.ts", "const Heard = 1")
    assertGreen(rule, "src/a.ts", "const onHeard = lastHeard")
  })
})

describe("every file", () => {
  const rule = "every file is reached"
  const file = (path: string, text: string): ProjectFile => ({ path, text })
  it("is imported by another, or is named as an entry point", () => {
    const scripts = file("package.json", "{ \"scripts\": { \"start\": \"node src/cli.ts serve\" } }")
    const entry = file("src/cli.ts", "import \"./a.ts\"\nimport(\"./b.ts\")")
    assert.deepStrictEqual(
      accused(rule, [scripts, entry, file("src/a.ts", ""), file("src/b.ts", ""), file("src/c.ts", "")]),
      ["src/c.ts:1"]
    )
    // Two that only know each other are as dead as one.
    const ring = [file("src/d.ts", "import \"./e.ts\""), file("src/e.ts", "import \"./d.ts\"")]
    assert.deepStrictEqual(accused(rule, [scripts, entry, ...ring]), ["src/d.ts:1", "src/e.ts:1"])
  })

  it("of the product is reached without the tests, of testkit also by them", () => {
    const test = file("test/a.test.ts", "import \"../src/a.ts\"\nimport \"../testkit/b.ts\"")
    assert.deepStrictEqual(
      accused(rule, [test, file("src/a.ts", ""), file("testkit/b.ts", "")]),
      ["src/a.ts:1"]
    )
  })
})
