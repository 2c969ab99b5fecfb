// The migration to pushes about sign-ins, on a database in use by the version before: its pushes stay, and no
// row of a kind it does not know is written while it is at work.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import pushAboutSignIns from "../../../migrations/0031_push_about_sign_ins.ts"
import * as NoCipher from "../../../src/layers/encryption/cipher.none.ts"
import * as SignIns from "../../../src/layers/accounts/sign-ins.postgres.ts"
import { migrateUpTo } from "../../../src/layers/platform/postgres/migrations.ts"
import { SignIns as Port } from "../../../src/services/accounts/sign-ins.ts"
import { customerId, hour, idOf, t0 } from "../../../testkit/conformance/given.ts"
import { databaseAt, emptyDatabaseUrl } from "../../support/postgres.ts"

const port = Layer.provide(SignIns.layer, NoCipher.layer)

const sari = { user_type: "customer", user_id: customerId } as const

const signIn = (n: number) =>
  Effect.flatMap(Port, (port) =>
    port.open(
      {
        ...sari,
        id: idOf(n),
        family_id: idOf(n),
        refresh_hash: `hash-${n}`,
        created_at: t0,
        expires_at: t0 + hour
      },
      { only_one: false, notice: { due_at: t0, expires_at: t0 + hour } }
    ))

/** A server of that version, as long as the scope lasts. */
const serverAtWork = (url: string, name: string) =>
  Effect.gen(function*() {
    const database = yield* Layer.build(databaseAt(url, 1))
    yield* Effect.provideContext(
      Effect.flatMap(PgClient.PgClient, (sql) =>
        sql`SELECT set_config(
      'application_name', ${name}, false)`),
      database
    )
  })

const kinds = Effect.flatMap(
  PgClient.PgClient,
  (sql) => sql`SELECT kind, status FROM push_outbox ORDER BY id`
)

describe("the migration to pushes about sign-ins", () => {
  it.live("keeps pushes of before, and tells nobody by push while a server of before is at work", () =>
    Effect.gen(function*() {
      const url = yield* emptyDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* migrateUpTo(30)
        // Of a chat that need not be there.
        const offer =
          sql`INSERT INTO push_outbox (id, user_type, user_id, kind, session_id, created_at, due_at,
            expires_at)
          VALUES (${idOf(1)}, 'customer', ${customerId}, 'paired', ${idOf(2)}, now(), now(), now())`
        yield* sql`ALTER TABLE push_outbox DISABLE TRIGGER ALL`
        yield* offer
        yield* pushAboutSignIns
        yield* sql`DELETE FROM push_outbox WHERE id = ${idOf(1)}`
        yield* Effect.andThen(offer, sql`ALTER TABLE push_outbox ENABLE TRIGGER ALL`)
        yield* sql`INSERT INTO devices (token, platform, user_type, user_id, auth_session_id, registered_at)
          VALUES ('token-1', 'ios', 'customer', ${customerId}, ${idOf(3)}, now())`
        for (const name of ["halobestie", "halobestie/30"]) {
          yield* Effect.scoped(Effect.andThen(serverAtWork(url, name), signIn(10)))
          assert.deepStrictEqual(yield* kinds, [{ kind: "paired", status: "pending" }], name)
        }
        yield* Effect.scoped(Effect.andThen(serverAtWork(url, "halobestie/31"), signIn(11)))
        assert.deepStrictEqual(yield* kinds, [
          { kind: "paired", status: "pending" },
          { kind: "sign_in", status: "pending" }
        ])
        const aboutNothing = sql`UPDATE push_outbox SET session_id = NULL WHERE kind = 'paired'`
        assert.strictEqual((yield* Effect.exit(aboutNothing))._tag, "Failure", "a push about nothing")
      }).pipe(Effect.provide(port), Effect.provide(databaseAt(url, 2)))
    }).pipe(Effect.scoped))
})
