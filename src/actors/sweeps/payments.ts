// Payments: expires what was never paid, and opens the session of every confirmed payment that a
// crash left without one. A confirmed payment ends in a session or in a failure staff can see.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Payments } from "../../services/payments.ts"
import { Requests } from "../session/requests.ts"
import type { Sweep } from "./sweep.ts"

const batch = 200
const concurrency = 8

export const payments = Effect.gen(function*() {
  const store = yield* Payments
  const requests = yield* Requests

  const runOnce = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const expired = yield* store.expireStale(now, batch)
    const orphans = yield* store.confirmedWithoutSession(batch)
    const opened = yield* Effect.forEach(orphans, (payment) =>
      requests.openFor(payment).pipe(
        Effect.map((outcome) => outcome._tag === "Open" ? 1 : 0),
        Effect.catch((error) => Effect.logWarning("orphan payment not opened", error).pipe(Effect.as(0)))
      ), { concurrency })
    return { expired: expired.length, opened: opened.reduce((sum: number, one) => sum + one, 0) }
  })

  return { name: "payments", every: "60 seconds", runOnce } satisfies Sweep<unknown, never>
})
