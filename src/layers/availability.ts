// Availability as the server uses it: Postgres alone today, and the one place where Valkey goes in
// front of it behind a breaker. Counts are shared for a moment, because every waiting phone polls them.
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Freshness } from "../domain/freshness.ts"
import { Availability } from "../services/availability.ts"
import type { Unavailable } from "../services/unavailable.ts"
import * as Postgres from "./availability.postgres.ts"

/** How old shared counts may be. This runner's own changes show at once, other runners' after this. */
export const countsMaxAgeMs = 1_000

type Port = Availability["Service"]
type Counts = { readonly online: number; readonly available: number }

interface Shared {
  readonly rule: string
  readonly asked_at: number
  readonly answer: Deferred.Deferred<Counts, Unavailable>
}

/** Questions by the same rule at nearly the same time are one question. */
const ruleOf = ({ max_customers, now, stale_before }: Freshness): string =>
  `${max_customers}/${stale_before === null ? "no pings" : now - stale_before}`

const shareCounts = Effect.fnUntraced(function*(port: Port) {
  const scope = yield* Effect.scope
  let shared: Shared | null = null

  const ask = Effect.fnUntraced(function*(freshness: Freshness, asked_at: number) {
    const mine: Shared = { rule: ruleOf(freshness), asked_at, answer: Deferred.makeUnsafe() }
    shared = mine
    // Not in the first caller's fiber: it may hang up while others still wait for the answer.
    yield* port.counts(freshness).pipe(
      // A failure is for those who waited for it; the next one asks again.
      Effect.onError(() =>
        Effect.sync(() => {
          if (shared === mine) shared = null
        })
      ),
      Deferred.into(mine.answer),
      Effect.forkIn(scope)
    )
    return mine
  })

  const counts: Port["counts"] = Effect.fnUntraced(function*(freshness) {
    const now = yield* Clock.currentTimeMillis
    const age = shared === null ? -1 : now - shared.asked_at
    const usable = shared !== null && shared.rule === ruleOf(freshness) && age >= 0 && age < countsMaxAgeMs
    return yield* Deferred.await((usable && shared !== null ? shared : yield* ask(freshness, now)).answer)
  })

  const forgetting =
    <Args extends ReadonlyArray<unknown>>(notice: (...args: Args) => Effect.Effect<void>) =>
    (...args: Args) =>
      Effect.suspend(() => {
        shared = null
        return notice(...args)
      })

  return {
    ...port,
    counts,
    wentOnline: forgetting(port.wentOnline),
    wentOffline: forgetting(port.wentOffline),
    deactivated: forgetting(port.deactivated),
    reactivated: forgetting(port.reactivated),
    capacityChanged: forgetting(port.capacityChanged)
  } satisfies Port
})

/** Puts the sharing of counts in front of any adapter. */
export const withSharedCounts = <E, R>(adapter: Layer.Layer<Availability, E, R>) =>
  Layer.effect(Availability)(
    Effect.flatMap(Availability, shareCounts)
  ).pipe(Layer.provide(adapter))

export const layer = withSharedCounts(Postgres.layer)
