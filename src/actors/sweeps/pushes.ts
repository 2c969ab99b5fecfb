// Pushes: takes what is due from the outbox and tells the phones whose app is closed. Bounded on every side:
// rows per claim, deliveries at once, time per pass. What the provider says may hold the whole worker.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Push } from "../../services/push/push.ts"
import { PushOutbox } from "../../services/push/push-outbox.ts"
import { Settings } from "../../services/settings/settings.ts"
import { makeDeliver } from "../push/deliver.ts"
import type { Sweep } from "./sweep.ts"
import { rowsPerPass } from "../actor-limits.ts"

const rowsMax = 64
const concurrency = 16
/** Longer than a batch can take (four rounds of the provider's patience): only a lost claim outlives it. */
const leaseMs = 30_000
/** A pass that still finds full batches goes on this long; a whole pass ends well within its limit. */
const passMs = 8000

const keepDoneMs = 24 * 3_600_000
const keepDeadMs = 30 * 24 * 3_600_000
const tidyMax = 2000
/** What is kept for a day need not be looked through every second. */
const tidyEveryMs = 30_000
const nothingTidied = { expired: 0, deleted: 0 }

export const pushes = Effect.fnUntraced(function*(everySeconds: number) {
  const batch = yield* rowsPerPass(rowsMax)
  const outbox = yield* PushOutbox
  const push = yield* Push
  const settings = yield* Settings
  const deliver = yield* makeDeliver

  let tidiedAt = Number.NEGATIVE_INFINITY
  const tidy = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    // A clock that was set back must not keep it from tidying.
    if (Math.abs(now - tidiedAt) < tidyEveryMs) return nothingTidied
    tidiedAt = now
    return yield* outbox.tidy({
      now,
      done_before: now - keepDoneMs,
      dead_before: now - keepDeadMs,
      limit: tidyMax
    })
  })

  const sendDue = Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    const did = { claimed: 0, over: 0, sent: 0 }
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const { over, pushes } = yield* outbox.claim({ now, lease_until: now + leaseMs, limit: batch })
      const told = yield* deliver(pushes, concurrency)
      did.claimed += pushes.length
      did.over += over
      did.sent += told
      const isMore = pushes.length + over === batch
      if (!isMore || (yield* Clock.currentTimeMillis) - began > passMs) return did
    }
  })

  const runOnce = Effect.gen(function*() {
    const { push_paused } = yield* settings.current
    const sent = push_paused || push.provider === "none" ? { claimed: 0, over: 0, sent: 0 } : yield* sendDue
    return { ...sent, ...(yield* tidy) }
  })

  return { name: "pushes", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
