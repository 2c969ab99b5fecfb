// Payments: asks the provider about those whose webhook has not come, expires what was never paid, and
// opens the session of every confirmed payment that a crash left without one. A confirmed payment ends in
// a session or in a failure staff can see.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { nextCheckAt } from "../../domain/payment.ts"
import { Checkout } from "../../services/payments/checkout.ts"
import { type Payment, Payments } from "../../services/payments/payments.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { Requests } from "../session/requests.ts"
import type { Sweep } from "./sweep.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { rowsPerPass } from "../actor-limits.ts"

const rowsMax = 200
const concurrency = 8
/** A provider that is slow must not cost the rest of the pass; what was not asked is asked at the next. */
const checksTimeout = "12 seconds"

const sum = (counts: ReadonlyArray<number>): number => counts.reduce((total, one) => total + one, 0)

export const payments = Effect.gen(function*() {
  const batch = yield* rowsPerPass(rowsMax)
  const store = yield* Payments
  const requests = yield* Requests
  const checkout = yield* Checkout

  /** "paid" needs no further check: the answer confirmed the payment, or recorded what is wrong with it. */
  const ask = Effect.fnUntraced(function*(payment: Payment) {
    const status = yield* checkout.check(payment.id)
    if (status._tag === "Open") return "open"
    if (status._tag === "Over") return "over"
    const answer = yield* requests.confirmPaid({ payment_id: payment.id, ...status })
    return answer === "accepted" ? "paid" : "over"
  })

  const check = Effect.fnUntraced(function*(payment: Payment) {
    const answer = yield* ask(payment).pipe(
      Effect.catchTag("Unavailable", (error: Unavailable) =>
        Effect.as(
          Effect.logWarning("a payment could not be checked", { id: payment.id, what: error.what }),
          "silent" as const
        ))
    )
    if (answer === "paid") return 1
    const now = yield* Clock.currentTimeMillis
    yield* store.checked(payment.id, nextCheckAt(payment, answer, now), now)
    return 0
  })

  /** One that cannot be written down now is asked again at the next pass. */
  const checks = Effect.fnUntraced(function*(now: number) {
    let found = 0
    const asked = yield* store.dueForCheck(now, batch)
    yield* Effect.forEach(asked, (payment) =>
      check(payment).pipe(
        Effect.map((paid) => {
          found += paid
        }),
        Effect.catch((error) => Effect.logWarning("a payment's check was not kept", error))
      ), { concurrency, discard: true }).pipe(RealTime.timeoutOption(checksTimeout))
    return { asked: asked.length, found }
  })

  const openOrphans = Effect.gen(function*() {
    const orphans = yield* store.confirmedWithoutSession(batch)
    const opened = yield* Effect.forEach(orphans, (payment) =>
      requests.openFor(payment).pipe(
        Effect.map((outcome) => outcome._tag === "Open" ? 1 : 0),
        Effect.catch((error) => Effect.logWarning("orphan payment not opened", error).pipe(Effect.as(0)))
      ), { concurrency })
    return sum(opened)
  })

  const runOnce = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const { asked, found } = yield* checks(now)
    const expired = yield* store.expireStale(now, batch)
    return { asked, found, expired: expired.length, opened: yield* openOrphans }
  })

  return { name: "payments", every: "60 seconds", runOnce } satisfies Sweep<unknown, never>
})
