// `npm run demo -- --watch`, as somebody runs it: it prints the console's address, and people come and talk.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const run = fileURLToPath(new URL("../../demo/run.mjs", import.meta.url))

describe("the demo to be watched", () => {
  it.live(
    "prints the console's address and how to sign in, plays, and ends by itself",
    () =>
      Effect.gen(function*() {
        const words = [run, "--watch", "--seconds", "10"]
        const { stdout } = yield* Effect.promise(() =>
          promisify(execFile)(process.execPath, words, { timeout: 100_000 })
        )
        assert.match(stdout, /Open {2}http:\/\/127\.0\.0\.1:\d+\/\n/)
        assert.include(stdout, "admin@halobestie.local")
        assert.match(stdout, /Sari talks with (Ayu|Bunga|Citra)/)
        assert.match(stdout, /demo ok: \d+ guests came/)
      }),
    120_000
  )
})
