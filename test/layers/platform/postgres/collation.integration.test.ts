// The store's suites on a database whose texts are ordered and lowered as in a language: Turkish, which knows
// two letters i. Nothing here may depend on the order of bytes that our own databases have.
import { PgClient } from "@effect/sql-pg"
import { SecureRandom } from "effect/crypto"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { inject } from "vitest"
import * as CipherNone from "../../../../src/layers/encryption/cipher.none.ts"
import { journal } from "../../../../testkit/conformance/journal.ts"
import { journalPairing } from "../../../../testkit/conformance/journal-pairing.ts"
import { oversight } from "../../../../testkit/conformance/oversight.ts"
import { sessions } from "../../../../testkit/conformance/sessions.ts"
import { copyOf, prepareTemplate } from "../../../../testkit/postgres/databases.ts"
import { databaseAt } from "../../../support/postgres.ts"
import { onPostgres } from "../../on-postgres.ts"

const scope = Scope.makeUnsafe()
let template = ""
beforeAll(async () => {
  const server = Redacted.make(inject("postgresUrl"))
  template = await Effect.runPromise(prepareTemplate(server, "tr-TR").pipe(Scope.provide(scope)))
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const turkish = Layer.unwrap(
  Effect.suspend(() => copyOf(Redacted.make(inject("postgresUrl")), template)).pipe(
    Effect.orDie,
    Effect.map((url) => databaseAt(Redacted.value(url)))
  )
)

const adapters = onPostgres.pipe(
  Layer.provide([turkish, SecureRandom.layerWebCrypto]),
  Layer.provide(CipherNone.layer)
)

describe("a database that is ordered as Turkish is", () => {
  it.live("orders and lowers in another way than bytes", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const [row] = yield* sql`SELECT 'a' < 'B' AS by_letter, lower('I') AS lowered`
      assert.deepStrictEqual(row, { by_letter: true, lowered: "ı" })
    }).pipe(Effect.provide(turkish)))
})

for (const suite of [oversight, journal, journalPairing, sessions]) suite("postgres, Turkish", adapters)
