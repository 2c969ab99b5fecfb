// The picture in src/actors/supervision.ts shows every fiber that lives as long as its runner: where one is
// forked into a layer's scope, its file is named there, and nothing is named that forks none.
import { assert, describe, it } from "@effect/vitest"
import { codeOf } from "../docs/references.ts"
import { projectFiles } from "../tidy/project-files.ts"

const picture = "src/actors/supervision.ts"
const files = projectFiles().filter(({ path }) => path.startsWith("src/"))
const nameOf = (path: string) => path.replace(/^src\//, "").replace(/\.ts$/, "")
const forks = (text: string) => /\bforkScoped\b/.test(text)

const named = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^\/\/ +(?:\| +)?[|`]- ((?:actors|http|layers)\/[\w./-]+)/gm)].map(([, name = ""]) =>
    name
  )

describe("the picture of what lives", () => {
  it("names every file that forks into its runner's scope, and no other", () => {
    const text = files.find(({ path }) => path === picture)?.text ?? assert.fail(picture)
    const living = files.filter((file) => forks(codeOf(file))).map(({ path }) => nameOf(path))
    assert.isAbove(living.length, 10)
    assert.sameMembers([...named(text)], living)
  })

  it("sees what is named and what forks", () => {
    assert.deepStrictEqual(
      named("//   |- http/unfit     every 0.5 s\n//      `- layers/a.valkey  always\n// http/x"),
      [
        "http/unfit",
        "layers/a.valkey"
      ]
    )
    assert.isTrue(forks("yield* Effect.forkScoped(look)"))
    assert.isFalse(forks("yield* Effect.forkIn(scope)"))
  })
})
