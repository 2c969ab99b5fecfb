// The command line on the Node that a machine happens to have: the wrapper hands over to the pinned one.
import { execFile } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

/** Without the project's own programs on it, as a person's terminal. */
const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.includes("node_modules")).join(
  ":"
)

const run = (...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number; readonly output: string }>((resume) => {
    execFile("node", [...args], { env: { PATH: path } }, (error, out, err) => {
      resume(Effect.succeed({ code: Number(error?.code ?? 0), output: `${out}${err}` }))
    })
  })

describe("bin/halobestie.mjs", () => {
  it.live("answers on the machine's own Node as the pinned one does", () =>
    Effect.gen(function*() {
      const checked = yield* run("bin/halobestie.mjs", "check-config")
      assert.strictEqual(checked.code, 0, checked.output)
      assert.include(checked.output, "PUBLIC_PORT=3000")
      const unknown = yield* run("bin/halobestie.mjs", "frobnicate")
      assert.strictEqual(unknown.code, 1)
      assert.include(unknown.output, "Unknown subcommand \"frobnicate\"")
    }))
})
