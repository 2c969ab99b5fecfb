// Availability as the server uses it: the Valkey mirror in front of Postgres, or Postgres alone. Any
// failure of the mirror is Postgres' answer, at once. Counts are shared for a moment, because every
// waiting phone polls them: by their rule and age, and not across a change, so not the single flight.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { SecureRandom } from "effect/crypto"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Freshness } from "../../domain/freshness.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Mirror } from "../../services/availability/mirror.ts"
import { reportPutOff } from "../../services/operations/failures.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import * as Postgres from "./availability.postgres.ts"
import * as MirrorOff from "./mirror/mirror.off.ts"
import { makeMirrorRows, type MirrorRows } from "./mirror-rows.postgres.ts"
import { makeValkeySightings, type ValkeySightings } from "./valkey-sightings.postgres.ts"
import { unavailable, type Valkey } from "../platform/valkey/connection.ts"
import { makeMirror, type MirrorOptions, type MirrorParts } from "./mirror/mirror.ts"
import { mirrorOf } from "./mirror/mirror-service.ts"
import { makeSharingNothing } from "./mirror/sharing.ts"
import * as RealTime from "../../services/platform/real-time.ts"

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
const ruleOf = ({ background_before, max_customers, now, stale_before }: Freshness): string =>
  `${max_customers}/${stale_before === null ? "no pings" : now - stale_before}/${
    background_before === undefined ? "" : now - background_before
  }`

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

  const changed: Port["changed"] = (mitraIds) =>
    Effect.suspend(() => {
      shared = null
      return port.changed(mitraIds)
    })

  return { ...port, counts, changed } satisfies Port
})

/** Puts the sharing of counts in front of any adapter. */
export const withSharedCounts = <E, R>(adapter: Layer.Layer<Availability, E, R>) =>
  Layer.effect(Availability)(
    Effect.flatMap(Availability, shareCounts)
  ).pipe(Layer.provide(adapter))

/** How long a question waits for the pings that the rows do not know yet, after the mirror is lost. */
const settleWithinMs = 400

/** A write-back of pings to the rows may fail once, and take its time. */
const writeBacksMissed = 2

const mirrored = (parts: MirrorParts, postgres: Port, options: MirrorOptions): Port => {
  const { breaker, fellBack, pings, reads, refresh, rows } = parts

  const orPostgres = <A>(ask: Effect.Effect<A, Unavailable>, otherwise: Effect.Effect<A, Unavailable>) =>
    Effect.catch(breaker.reading(ask), () =>
      fellBack.pipe(
        Effect.andThen(Effect.ignore(RealTime.timeout(breaker.settled, settleWithinMs))),
        Effect.andThen(otherwise)
      ))

  const heartbeat: Port["heartbeat"] = Effect.fnUntraced(function*(mitraId, at) {
    const mirror = yield* Effect.result(breaker.reading(reads.heartbeat(mitraId, at)))
    if (Result.isSuccess(mirror) && mirror.success === "seen") {
      pings.note(mitraId.toLowerCase(), at)
      return "seen"
    }
    // Either the mirror is lost, or it says no. A no is rare, and not worth believing a mirror that may
    // have missed a change: the rows decide, and what they say is brought to the mirror.
    if (Result.isFailure(mirror)) yield* fellBack
    const outcome = yield* postgres.heartbeat(mitraId, at)
    if (outcome === "seen") pings.note(mitraId.toLowerCase(), at)
    if (Result.isSuccess(mirror) && outcome !== mirror.success) yield* changed([mitraId])
    return outcome
  })

  /** Best effort: what is lost here is counted, and brought by the reseed that follows every loss. */
  const changed = (mitraIds: ReadonlyArray<string>) =>
    Effect.forEach(mitraIds, (id) => refresh(id.toLowerCase()), { concurrency: "unbounded", discard: true })
      .pipe(
        Effect.catch((failure) => reportPutOff("the mirror was not told of a change", failure))
      )

  /** A runner that cannot reach the mirror writes pings to the rows; the mirror is brought what it missed. */
  const silentByTheRows = Effect.fnUntraced(function*(staleBefore: number, ids: ReadonlyArray<string>) {
    if (ids.length === 0) return ids
    const heard = (yield* rows.of(ids)).filter(({ seen_at }) => seen_at !== null && seen_at > staleBefore)
    if (heard.length === 0) return ids
    const heardIds = new Set(heard.map(({ mitra_id }) => mitra_id))
    yield* changed([...heardIds])
    return ids.filter((id) => !heardIds.has(id))
  })

  /**
   * A Valkey that is refused or refuses for good must keep nobody online for ever. Without it pings are
   * written to the rows at once; other runners, whose mirror may be up, bring theirs with a write-back.
   */
  const longSilentByTheRows: Port["stale"] = Effect.fnUntraced(
    function*(staleBefore, limit, backgroundBefore) {
      const late_ms = writeBacksMissed * options.write_back_seconds * 1000
      const before = staleBefore - late_ms
      const lostSince = breaker.lostSince()
      if (lostSince === null || lostSince > before) return yield* Effect.fail(unavailable)
      const later = backgroundBefore === undefined ? undefined : backgroundBefore - late_ms
      return yield* postgres.stale(before, limit, later)
    }
  )

  // A mitra who is called stale goes offline, so rows alone do not answer this one: they learn of pings late.
  // Nor does a mirror answer that has not been up, on this runner and at all, for the whole time of silence:
  // another runner may have filled an empty one from rows that lack our last pings.
  const stale: Port["stale"] = Effect.fnUntraced(function*(staleBefore, limit, backgroundBefore) {
    const since = breaker.upSince()
    if (since === null) return yield* longSilentByTheRows(staleBefore, limit, backgroundBefore)
    if (since > staleBefore) return yield* Effect.fail(unavailable)
    const ids = yield* breaker.reading(reads.stale(staleBefore, limit, backgroundBefore))
    return ids === null ? yield* Effect.fail(unavailable) : yield* silentByTheRows(staleBefore, ids)
  })

  return {
    heartbeat,
    candidates: (options) => orPostgres(reads.candidates(options), postgres.candidates(options)),
    counts: (freshness) => orPostgres(reads.counts(freshness), postgres.counts(freshness)),
    lastHeartbeat: (mitraId) => orPostgres(reads.lastHeartbeat(mitraId), postgres.lastHeartbeat(mitraId)),
    stale,
    changed
  }
}

/** The mirror first, `Availability` over the rows behind it. The mirror is seeded while this is built. */
export const makeMirrored = Effect.fnUntraced(function*(
  options: MirrorOptions,
  rows: MirrorRows,
  sightings: ValkeySightings | null = null
) {
  const postgres = yield* Availability
  const parts = yield* makeMirror(options, rows, sightings)
  const port = yield* shareCounts(mirrored(parts, postgres, options))
  return Context.make(Availability, port).pipe(Context.add(Mirror, mirrorOf(parts)))
})

/** What Valkey mirrors, and what answers without it. */
export interface Rows<R> {
  readonly port: Layer.Layer<Availability, never, R>
  readonly mirrored: Effect.Effect<MirrorRows, never, R>
  /** Null where all runners have the same Valkey for certain. */
  readonly sightings: Effect.Effect<ValkeySightings, never, R> | null
}

export const postgresRows: Rows<SqlClient> = {
  port: Postgres.layer,
  mirrored: makeMirrorRows,
  sightings: makeValkeySightings
}

/** Valkey first, the rows behind it. */
export const layerMirrored = (options: MirrorOptions) => layerMirroredOver(options, postgresRows)

const layerMirroredOver = <R>(options: MirrorOptions, rows: Rows<R>) =>
  Layer.effectContext(Effect.gen(function*() {
    const sightings = rows.sightings === null ? null : yield* rows.sightings
    return yield* makeMirrored(options, yield* rows.mirrored, sightings)
  })).pipe(Layer.provide(rows.port))

/** Those who have a Valkey hear that this runner has none. */
const withoutValkey = <R>({ sightings }: Rows<R>) =>
  sightings === null
    ? Layer.empty
    : Layer.effectDiscard(Effect.gen(function*() {
      const random = yield* SecureRandom.SecureRandom
      yield* makeSharingNothing(yield* sightings, yield* random.uuidV7())
    }))

/** With a connection the mirror serves; without one, the rows alone. */
export const layerOver = <E, R, R2>(
  valkey: Layer.Layer<Valkey, E, R> | null,
  options: MirrorOptions,
  rows: Rows<R2>
) =>
  valkey === null
    ? Layer.mergeAll(withSharedCounts(rows.port), MirrorOff.layer, withoutValkey(rows))
    : Layer.provide(layerMirroredOver(options, rows), valkey)
