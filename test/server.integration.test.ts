// The real server on Postgres, in this process: what starts after what, and in reverse stops before what.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { readConfig, ServerConfig } from "../src/config/server-config.ts"
import { main } from "../src/main.ts"
import { expectedSteps, stepsIn } from "./server-steps.ts"
import { freshDatabaseUrl } from "./support/postgres.ts"

describe("the real server", () => {
  it.live(
    "starts from the database up to its traffic, and stops the other way round",
    () =>
      Effect.gen(function*() {
        const environment = { DATABASE_URL: yield* freshDatabaseUrl, PUBLIC_PORT: "0", INTERNAL_PORT: "0" }
        const config = Result.getOrElse(readConfig(environment), (problem) => assert.fail(problem.message))
        const lines: Array<string> = []
        const log = Logger.make(({ message }) => void lines.push([message].flat().join(" ")))
        const scope = yield* Scope.make()
        yield* Effect.gen(function*() {
          yield* Layer.buildWithScope(Layer.provide(main, Layer.succeed(ServerConfig)(config)), scope)
          yield* Scope.close(scope, Exit.void)
        }).pipe(
          Effect.provideService(Logger.CurrentLoggers, new Set([log])),
          Effect.provideService(References.MinimumLogLevel, "Debug")
        )
        assert.deepStrictEqual(stepsIn(lines), expectedSteps)
      }),
    60_000
  )
})
