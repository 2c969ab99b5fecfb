// Effect is loaded without Node's async context: only while it is loaded is that hidden, and nothing that the
// command line imports may load Effect before.
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

describe("the command line", () => {
  it("hides Node's async context before it imports anything else", () => {
    const first = readFileSync("src/cli.ts", "utf8").split("\n").find((line) => line.startsWith("import"))
    assert.strictEqual(first, "import { effectIsLoaded } from \"./without-async-context.ts\"")
  })

  it("shows it again to whoever asks after Effect", async () => {
    const { getBuiltinModule } = process
    const { effectIsLoaded } = await import("../../src/without-async-context.ts")
    assert.isUndefined(process.getBuiltinModule)
    effectIsLoaded()
    assert.strictEqual(process.getBuiltinModule, getBuiltinModule)
  })
})
