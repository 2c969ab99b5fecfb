// Finds the real PostgreSQL, Valkey and browser of an integration run, once, and says which: given ones,
// else Docker, else programs of this machine. Prepares one migrated database from which every test gets its
// own copy.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { TestProject } from "vitest/node"
import { builtConsole } from "./built-console.ts"
import { chromiumVersion } from "./chromium.ts"
import { prepareTemplate } from "../../testkit/postgres/databases.ts"
import { installPrograms } from "./debian-programs.ts"
import { findPostgres } from "./find-postgres.ts"
import { findValkey, type FoundValkey } from "./find-valkey.ts"
import { mayMount } from "./small-disk.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The server's url; its user may create databases. */
    postgresUrl: string
    templateDatabase: string
    /** A server, or a program of which each test starts its own. */
    valkey: FoundValkey
  }
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const scope = await Effect.runPromise(Scope.make())
  const prepared = Effect.gen(function*() {
    const { url, from } = yield* findPostgres
    console.log(`integration tests use PostgreSQL from ${from}`)
    const valkey = yield* findValkey
    console.log(`integration tests use Valkey from ${valkey.from}`)
    console.log(`integration tests use Debian's programs: ${installPrograms()}`)
    console.log(`integration tests use ${chromiumVersion()} and ${builtConsole()}`)
    console.log(
      `integration tests ${mayMount ? "fill a disk" : "CANNOT FILL A DISK: this account may not mount"}`
    )
    project.provide("valkey", valkey)
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
