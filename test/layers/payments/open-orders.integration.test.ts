// The bound on open orders across runners: two pools on one database, whose rows are of the version before.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import boundOpenOrders from "../../../migrations/0033_bound_open_orders.ts"
import * as Accounts from "../../../src/layers/accounts/accounts.postgres.ts"
import * as Cipher from "../../../src/layers/encryption/cipher.none.ts"
import * as PaymentsPostgres from "../../../src/layers/payments/payments.postgres.ts"
import { Payments } from "../../../src/services/payments/payments.ts"
import { atOnce, customerId, givenCustomer, idOf, t0, times } from "../../../testkit/conformance/given.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"

const open_max = 5

const runnerAt = (url: string) =>
  Layer.build(
    Layer.mergeAll(PaymentsPostgres.layer, Accounts.layer).pipe(
      Layer.provideMerge(Layer.merge(databaseAt(url, 6), Cipher.layer))
    )
  )

describe("two runners", () => {
  it.live("begin no more orders of one customer together than one of them alone", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const one = yield* runnerAt(url)
      const other = yield* runnerAt(url)
      yield* givenCustomer.pipe(Effect.provideContext(one))
      const sql = Context.get(one, SqlClient.SqlClient)
      yield* sql`ALTER TABLE customers DROP COLUMN orders_begun`
      yield* Effect.provideContext(boundOpenOrders, one)
      const ports = [Context.get(one, Payments), Context.get(other, Payments)]
      const begin = (n: number) =>
        ports[n % 2]!.beginOrder({
          customer_id: customerId,
          payment_id: idOf(n),
          open_max,
          now: t0,
          ends_at: t0 + 1
        })
      for (const round of times(3)) {
        const numbers = times(12).map((n) => 0x100 * (round + 1) + n)
        const found = yield* atOnce(numbers.map(begin))
        assert.lengthOf(found.filter(({ _tag }) => _tag === "Begun"), open_max)
        yield* atOnce(
          numbers.map((n) => ports[n % 2]!.endOrder({ customer_id: customerId, payment_id: idOf(n) }))
        )
      }
    }).pipe(Effect.scoped))
})
