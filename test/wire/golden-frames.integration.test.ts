// The golden frames of docs/frames against a real server: what is sent there gives what is received there,
// field for field, and nothing else.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { goldens } from "./golden.ts"
import { Replay } from "./replay.ts"
import { startServer } from "../support/server-process.ts"

describe("the server", () => {
  it.live(
    "answers every golden frame as it is written down, and sends nothing else",
    () =>
      Effect.gen(function*() {
        // As real phones meet it: demo people's codes have no cool-down.
        const { lines, ...server } = yield* Effect.flatMap(
          freshDatabaseUrl,
          (url) => startServer(url, { DEMO_DATA: "false" })
        )
        const replay = new Replay(server)
        const play = async () => {
          for (const golden of goldens) await replay.play(golden)
          return replay.finish()
        }
        const left = yield* Effect.promise(() =>
          play().catch((error: Error) => {
            throw new Error(`${error.message}\n\nthe server's last lines:\n${lines.join("\n")}`)
          })
        )
        assert.deepStrictEqual(left, [])
      }),
    120_000
  )
})
