// Runners for the journal's Postgres tests: everything one runner needs over one database, a second
// journal on it, and a stranger who holds locks.
import { SecureRandom } from "effect/crypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as SignInsPostgres from "../../../src/layers/accounts/sign-ins.postgres.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import * as JournalPostgres from "../../../src/layers/journal/journal.postgres.ts"
import { failedBatches } from "../../../src/layers/journal/group-writer.ts"
import * as MitrasPostgres from "../../../src/layers/accounts/mitras.postgres.ts"
import * as PaymentsPostgres from "../../../src/layers/payments/payments.postgres.ts"
import * as PricingPostgres from "../../../src/layers/payments/pricing.postgres.ts"
import * as StaffPostgres from "../../../src/layers/accounts/staff.postgres.ts"
import * as PeoplePostgres from "../../../src/layers/accounts/accounts.postgres.ts"
import * as SessionOversightPostgres from "../../../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViewsPostgres from "../../../src/layers/sessions/session-views.postgres.ts"
import * as SessionsPostgres from "../../../src/layers/sessions/sessions.postgres.ts"
import { Journal, type Verdict } from "../../../src/services/journal/journal.ts"
import type { Unavailable } from "../../../src/services/platform/unavailable.ts"
import { heard } from "../../../testkit/conformance/delivered.ts"
import type * as Stage from "../../../testkit/conformance/stage.ts"
import * as Written from "../../../testkit/conformance/written.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"

export const runnerOn = (url: string) =>
  Layer.mergeAll(
    SignInsPostgres.layer,
    JournalPostgres.layer,
    MitrasPostgres.layer,
    PaymentsPostgres.layer,
    PricingPostgres.layer,
    StaffPostgres.layer,
    PeoplePostgres.layer,
    SessionOversightPostgres.layer,
    SessionViewsPostgres.layer,
    SessionsPostgres.layer,
    Written.layerPostgres
  ).pipe(Layer.provideMerge(databaseAt(url)), Layer.provide([SecureRandom.layerWebCrypto, CipherNone.layer]))

/** Runs a test as one runner on a fresh database. */
export const onOneRunner = <A, E>(
  body: (url: string) => Effect.Effect<A, E, Stage.Stage | Scope.Scope>
) =>
  Effect.gen(function*() {
    const url = yield* freshDatabaseUrl
    return yield* Effect.provide(body(url), runnerOn(url))
  }).pipe(Effect.scoped)

/** Another runner's journal on the same database, with a pool of its own, for as long as the scope. */
export const anotherJournal = Effect.fnUntraced(function*(url: string) {
  const layer = JournalPostgres.layer.pipe(
    Layer.provide([databaseAt(url), SecureRandom.layerWebCrypto, CipherNone.layer]),
    Layer.fresh
  )
  return Context.get(yield* Layer.build(layer), Journal)
})

/** A connection outside every pool that runs what it is told. What it holds, it holds until told so. */
export const stranger = Effect.fnUntraced(function*(url: string) {
  const pool = yield* Layer.build(Layer.fresh(databaseAt(url, 1)))
  const connection = yield* Context.get(pool, SqlClient.SqlClient).reserve
  return (statement: string) => connection.executeUnprepared(statement, [], undefined)
})

/** For the stranger: returns when so many others wait for a lock in this database, at the latest soon. */
export const untilWaiting = (count: number) =>
  `DO $$ BEGIN FOR look IN 1..80 LOOP
    EXIT WHEN (SELECT count(DISTINCT waits.pid) FROM pg_locks waits JOIN pg_locks holds USING (pid)
      WHERE NOT waits.granted
        AND holds.database = (SELECT oid FROM pg_database WHERE datname = current_database())) >= ${count};
    PERFORM pg_sleep(0.005);
  END LOOP; END $$`

export const hear = <R>(committing: Effect.Effect<Verdict, Unavailable, R>) =>
  Effect.map(Effect.exit(committing), heard)

/** How many groups had to be written turn by turn while this ran: a missed lock or a ring shows there. */
export const failedBatchDuring = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = yield* Metric.value(failedBatches)
    const result = yield* effect
    return { result, spoiled: (yield* Metric.value(failedBatches)).count - before.count }
  })
