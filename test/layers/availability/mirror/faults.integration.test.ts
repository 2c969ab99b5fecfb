// Real faults of a real server, in the middle of traffic: killed, frozen, wiped, slow, never there. Through
// each of them no mitra is called silent, exactly the healthy mitras are candidates, every answer is
// bounded, and the mirror comes back by itself.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import { Availability } from "../../../../src/services/availability/availability.ts"
import { Mirror } from "../../../../src/services/availability/mirror.ts"
import { online } from "../../../../testkit/conformance/availability-given.ts"
import { mirroredAt, quiet } from "../../mirrored.ts"
import { idOfMitra, inPostgres, MitraRows } from "../../../../testkit/conformance/mitra-rows.ts"
import { freshDatabase } from "../../../support/postgres.ts"
import { freshValkey, type TestValkey } from "../../../support/valkey.ts"

const healthy = Array.from({ length: 60 }, (_, index) => index + 1)
const staleAfterMs = 45_000
const boundMs = 1_000
const pauseMs = 40

/**
 * The trap: by their rows the healthy ones have been silent for too long, because the rows learn of pings
 * a minute late. Only the mirror, and the runner that took their pings, know that they are there.
 */
const cast = (now: number) => {
  const long = now - 3_600_000
  const rows = { online_since: long, last_heartbeat_at: now - 58_000 }
  return [
    ...healthy.map((number) => online(number, rows)),
    online(901, { online_since: long, last_heartbeat_at: now - 120_000 }),
    online(902, { ...rows, last_heartbeat_at: now, online_since: null }),
    online(903, { ...rows, last_heartbeat_at: now, online_since: null, is_active: false }),
    online(904, { ...rows, last_heartbeat_at: now + 60_000, sessions: 3 })
  ]
}

interface Seen {
  readonly took_ms: Array<number>
  readonly wrong: Array<string>
}

const timed = <A, R>(seen: Seen, ask: Effect.Effect<A, unknown, R>, judge: (answer: A) => string | null) =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const answer = yield* Effect.result(ask)
    seen.took_ms.push((yield* Clock.currentTimeMillis) - start)
    const wrong = answer._tag === "Failure"
      ? `failed: ${JSON.stringify(answer.failure)}`
      : judge(answer.success)
    if (wrong !== null) seen.wrong.push(wrong)
  })

const numberOf = (id: string) => Number(id.slice(-12))

const ping = (seen: Seen, number: number) =>
  Effect.gen(function*() {
    const port = yield* Availability
    const at = yield* Clock.currentTimeMillis
    yield* timed(seen, port.heartbeat(idOfMitra(number), at), (said) =>
      said === "seen" ? null : `ping: ${said}`)
  })

const look = (seen: Seen) =>
  Effect.gen(function*() {
    const port = yield* Availability
    const now = yield* Clock.currentTimeMillis
    const rule = { now, stale_before: now - staleAfterMs, max_customers: 3 }
    const wanted = { topic: "regular", language: null } as const
    const fair = { declined_since: null, open_offers_max: 5, wanted }
    yield* timed(
      seen,
      port.candidates({ ...rule, ...fair, limit: 200, exclude: [], only: null }),
      (found) => {
        const numbers = found.map(({ mitra_id }) => numberOf(mitra_id)).toSorted((a, b) => a - b)
        return numbers.join() === healthy.join()
          ? null
          : `candidates: ${numbers.length} ${numbers.slice(-3).join()}`
      }
    )
    yield* timed(
      seen,
      port.heartbeat(idOfMitra(903), now),
      (said) => said === "deactivated" ? null : `903: ${said}`
    )
    yield* timed(
      seen,
      port.counts(rule),
      ({ available }) => available === healthy.length ? null : `available: ${available}`
    )
    const silent = yield* Effect.result(port.stale(now - staleAfterMs, 100))
    if (silent._tag === "Success" && silent.success.some((id) => numberOf(id) <= healthy.length)) {
      seen.wrong.push(`called silent: ${silent.success.map(numberOf).join()}`)
    }
  })

const again = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.repeat(effect, Schedule.spaced(pauseMs))

/** Traffic goes on while `fault` happens, until the mirror is believed again, and a little longer. */
const through = (
  title: string,
  limitMs: number,
  fault: (valkey: TestValkey) => Effect.Effect<unknown>,
  before: (valkey: TestValkey) => Effect.Effect<unknown> = () => Effect.void
) =>
  it.live(title, () =>
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      yield* before(valkey)
      const seen: Seen = { took_ms: [], wrong: [] }
      const during: Effect.Effect<void, unknown, Availability | Mirror | MitraRows | Scope.Scope> = Effect
        .gen(
          function*() {
            const mirror = yield* Mirror
            yield* Effect.forEach(healthy, (number) => ping(seen, number), { concurrency: "unbounded" })
            const traffic = yield* Effect.forkChild(Effect.all([
              again(Effect.forEach(healthy, (number) => ping(seen, number), { concurrency: 20 })),
              again(look(seen)),
              again(look(seen))
            ], { concurrency: "unbounded" }))
            const before = (yield* mirror.status).last_seed
            yield* fault(valkey)
            const recovered = yield* mirror.status.pipe(
              Effect.repeat({
                until: ({ last_seed, state }) =>
                  state === "up" && last_seed !== null && last_seed.at !== before?.at,
                schedule: Schedule.spaced("20 millis")
              }),
              Effect.timeout("15 seconds")
            )
            yield* Effect.sleep("300 millis")
            const after = yield* mirror.status
            yield* Fiber.interrupt(traffic)
            assert.deepStrictEqual([...new Set(seen.wrong)], [])
            const sorted = seen.took_ms.toSorted((a, b) => a - b)
            assert.isBelow(sorted[Math.floor(sorted.length * 0.99)]!, boundMs, "p99")
            assert.isBelow(sorted.at(-1)!, limitMs, "slowest")
            // Full speed again: only the questions that must ask Postgres still do.
            assert.strictEqual(after.fallbacks, recovered.fallbacks)
            assert.deepInclude(after.drift, { drifted: 0 })
          }
        )
      yield* Effect.provide(during, Layer.provide(mirrored(valkey), freshDatabase))
    }).pipe(Effect.provide(quiet)), 60_000)

const figure = (info: unknown, name: string): number =>
  Number(new RegExp(`${name}:(\\d+)`).exec(String(info))?.[1] ?? Number.NaN)

/** Rows first, then the mirror, as at a server's start. */
const mirrored = (
  valkey: TestValkey
): Layer.Layer<Availability | Mirror | MitraRows, never, SqlClient.SqlClient> => {
  const rows = Layer.effect(MitraRows)(Effect.gen(function*() {
    const port = yield* MitraRows
    yield* port.put(cast(yield* Clock.currentTimeMillis))
    return port
  })).pipe(Layer.provide(Layer.orDie(inPostgres)))
  return mirroredAt(valkey.url, {}).pipe(Layer.provideMerge(rows), Layer.orDie)
}

describe("through a real fault", () => {
  through("kill -9 and an empty restart", 2_500, ({ kill, start }) =>
    Effect.gen(function*() {
      yield* kill
      yield* Effect.sleep("1 second")
      yield* start
    }))

  through("a server that stands still for ten seconds", 2_500, ({ freeze, thaw }) =>
    Effect.gen(function*() {
      yield* freeze
      yield* Effect.sleep("10 seconds")
      yield* thaw
    }))

  through("everything flushed away in the middle of traffic", 2_500, ({ wipe }) => wipe)

  through("a server that answers late for a while", 2_500, ({ command }) => command("CLIENT", "PAUSE", 1_500))

  through("a server that is full and evicts nothing", 2_500, ({ command }) =>
    Effect.gen(function*() {
      yield* command("CONFIG", "SET", "maxmemory", "1")
      yield* Effect.sleep("1500 millis")
      yield* command("CONFIG", "SET", "maxmemory", "0")
    }))

  through(
    "a primary that becomes a replica on a connection that stays open, and is one again",
    2_500,
    ({ command }) =>
      Effect.gen(function*() {
        // Of a primary that is nowhere: it answers reads with what it has.
        yield* command("REPLICAOF", "127.0.0.1", "1")
        yield* Effect.sleep("1500 millis")
        yield* command("REPLICAOF", "NO", "ONE")
      })
  )

  through(
    "a server that is not there at the start",
    2_500,
    ({ start }) => Effect.andThen(Effect.sleep("500 millis"), start),
    ({ kill }) => kill
  )

  through(
    "a server that throws single keys away to make room",
    2_500,
    ({ command }) =>
      Effect.gen(function*() {
        const before = figure(yield* command("INFO", "stats"), "evicted_keys")
        yield* command("CONFIG", "SET", "maxmemory", figure(yield* command("INFO", "memory"), "used_memory"))
        for (let number = 0; number < 20; number++) {
          yield* command("SET", `other:${number}`, "x".repeat(1_000))
        }
        yield* Effect.sleep("1 second")
        assert.isAbove(figure(yield* command("INFO", "stats"), "evicted_keys"), before)
        yield* command("CONFIG", "SET", "maxmemory", "100mb")
      }),
    ({ command }) =>
      Effect.andThen(
        command("CONFIG", "SET", "maxmemory", "100mb"),
        command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
      )
  )
})
