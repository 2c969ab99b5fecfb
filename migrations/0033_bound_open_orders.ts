// Orders whose invoice is being made, with the time each counts until: an order is counted before its payment
// is there, and on every runner. On the customer's row, which is what such a count is made under.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE customers ADD COLUMN orders_begun jsonb NOT NULL DEFAULT '{}'`
])
