// A process of its own that keeps an embedded Postgres open in the folder it is given, says so on its
// output, and lets go when its input ends. Tests kill it.
import * as Effect from "effect/Effect"
import { startEmbeddedPostgres } from "../../../../src/layers/platform/embedded-postgres/embedded-postgres.ts"

const held = Effect.gen(function*() {
  const { port, reused } = yield* startEmbeddedPostgres({ directory: process.argv[2] ?? "", log: () => {} })
  console.log(JSON.stringify({ port, reused }))
  yield* Effect.callback<void>((resume) => {
    process.stdin.on("end", () => resume(Effect.void)).resume()
  })
})

await Effect.runPromise(Effect.scoped(held))
