// How many orders of a customer are open, in Postgres: those that wait to be paid have rows, those whose
// invoice is being made stand on the customer's row, and both are counted under its lock.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { type NewOrder, placeOf } from "../../domain/open-orders.ts"
import type { Payments } from "../../services/payments/payments.ts"
import { allOf, firstOf, Millis } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient

const begunOf = firstOf(Schema.Struct({ orders_begun: Schema.Record(Schema.String, Schema.Number) }))
const pendingOf = allOf(Schema.Struct({ id: Schema.String, expires_at: Millis }))

const beginOrder = Effect.fnUntraced(function*(sql: Sql, order: NewOrder) {
  const { customer_id } = order
  const locked = yield* sql`SELECT orders_begun FROM customers WHERE id = ${customer_id} FOR NO KEY UPDATE`
    .pipe(Effect.flatMap(begunOf))
  const pending = yield* sql`SELECT id, expires_at FROM payment_requests
    WHERE customer_id = ${customer_id} AND status = 'pending'`.pipe(Effect.flatMap(pendingOf))
  const place = placeOf(
    order,
    new Map(pending.map(({ expires_at, id }) => [id, expires_at])),
    new Map(Object.entries(locked?.orders_begun ?? {}))
  )
  if (place._tag === "Begun") {
    const orders_begun = JSON.stringify(Object.fromEntries(place.begun))
    yield* sql`UPDATE customers SET orders_begun = ${orders_begun}::jsonb WHERE id = ${customer_id}`
  }
  return place
})

export const openOrders = (sql: Sql): Pick<Payments["Service"], "beginOrder" | "endOrder"> => ({
  beginOrder: (order) => answered(sql.withTransaction(beginOrder(sql, order))),
  endOrder: ({ customer_id, payment_id }) =>
    sql`UPDATE customers SET orders_begun = orders_begun - ${payment_id}::text
      WHERE id = ${customer_id}`.pipe(Effect.asVoid, answered)
})
