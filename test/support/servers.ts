// Finds the real PostgreSQL of an integration run, once: TEST_DATABASE_URL, else Docker, else the embedded
// programs. Prepares one migrated database from which every test gets its own copy.
// A Valkey for tests will be found here the same way.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { TestProject } from "vitest/node"
import { prepareTemplate } from "./databases.ts"
import { findPostgres } from "./find-postgres.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The server's url; its user may create databases. */
    postgresUrl: string
    templateDatabase: string
  }
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const scope = await Effect.runPromise(Scope.make())
  const prepared = Effect.gen(function*() {
    const { url, from } = yield* findPostgres
    console.log(`integration tests use PostgreSQL from ${from}`)
    project.provide("postgresUrl", Redacted.value(url))
    project.provide("templateDatabase", yield* prepareTemplate(url))
  })
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  try {
    await Effect.runPromise(Scope.provide(prepared, scope))
  } catch (error) {
    await close()
    throw error
  }
  return close
}
