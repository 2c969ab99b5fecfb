// Payments with an anomaly are few and asked for every five seconds: their own small index. Without it
// Postgres read all payments to find none.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `CREATE INDEX IF NOT EXISTS payment_requests_anomalies ON payment_requests (anomaly_at)
    WHERE anomaly_at IS NOT NULL`
])
