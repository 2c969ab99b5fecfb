// Presence for the whole cluster, in Valkey: one set of people per runner, which expires with its runner.
// Derivable at any time from the sockets, so a lost write or a wiped Valkey is made good within a beat.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { SecureRandom } from "effect/crypto"
import { Presence } from "../../services/availability/presence.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { keyOf, makeSockets } from "./presence.local.ts"
import { unavailable, Valkey } from "../platform/valkey/connection.ts"
import { script } from "../platform/valkey/script.ts"

const prefix = "presence:"
const runnersKey = `${prefix}runners`

export interface PresenceTimings {
  /** How often a runner says that it and its people are still there. */
  readonly interval_ms: number
  /** A runner silent for this long is gone, and all people on it. */
  readonly life_ms: number
}

export const presenceTimings: PresenceTimings = { interval_ms: 10_000, life_ms: 30_000 }

/** Runners live and die in real time, whatever time the product has. */
const runnersTime = RealTime.onRealTime(Clock.currentTimeMillis)

/** People per command: bounded, so that a rewrite of 50,000 never holds Valkey up for long. */
const chunkMax = 2_000

/**
 * Between two updates, so that those who come in a storm share one: it is four trips to Valkey. Others are
 * told of a person that much later at worst.
 */
const rest = RealTime.onRealTime(Effect.sleep(20))

const find = script(
  "find a person",
  `local runners = redis.call("ZRANGEBYSCORE", ARGV[1], ARGV[2], "+inf")
for _, runner in ipairs(runners) do
  if redis.call("SISMEMBER", ARGV[3] .. runner, ARGV[4]) == 1 then return 1 end
end
return 0`
)

const chunksOf = (keys: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from(
    { length: Math.ceil(keys.length / chunkMax) },
    (_, index) => keys.slice(index * chunkMax, (index + 1) * chunkMax)
  )

/** This runner's set in Valkey, brought up to date with `here`, whole or by what changed. */
const makeMirror = (
  valkey: Valkey["Service"],
  runner: string,
  here: ReadonlySet<string>,
  timings: PresenceTimings
) => {
  const key = `${prefix}${runner}`
  const changed = new Set<string>()
  let isWhole = false

  const each = (command: "SADD" | "SREM", accounts: ReadonlyArray<string>) =>
    Effect.forEach(chunksOf(accounts), (chunk) => valkey.call(command, key, ...chunk), { discard: true })

  const stayAlive = Effect.gen(function*() {
    const now = yield* runnersTime
    yield* valkey.call("ZADD", runnersKey, now + timings.life_ms, runner)
    yield* valkey.call("ZREMRANGEBYSCORE", runnersKey, "-inf", now - timings.life_ms)
    const hasLife = yield* valkey.call("PEXPIRE", key, timings.life_ms)
    // The set is gone although people are here: Valkey was wiped, or replaced by an empty one.
    if (Number(hasLife) === 0 && here.size > 0) return yield* Effect.fail(unavailable)
  })

  const update = Effect.gen(function*() {
    const moved = [...changed]
    changed.clear()
    if (isWhole) {
      yield* each("SADD", moved.filter((person) => here.has(person)))
      yield* each("SREM", moved.filter((person) => !here.has(person)))
    } else {
      yield* valkey.call("DEL", key)
      yield* each("SADD", [...here])
    }
    yield* stayAlive
    isWhole = true
  })

  return {
    note: (person: string) => void changed.add(person),
    /** What fails makes the next one write everything. */
    update: Effect.catch(update, () =>
      Effect.sync(() => {
        isWhole = false
      })),
    leave: Effect.ignore(Effect.andThen(valkey.call("ZREM", runnersKey, runner), valkey.call("DEL", key)))
  }
}

export const layerWith = (timings: PresenceTimings) =>
  Layer.effect(Presence)(Effect.gen(function*() {
    const valkey = yield* Valkey
    const runner = yield* (yield* SecureRandom.SecureRandom).uuidV4()
    const woken = yield* Queue.sliding<void>(1)
    const sockets = makeSockets((person) => {
      mirror.note(person)
      Queue.offerUnsafe(woken, undefined)
    })
    const mirror = makeMirror(valkey, runner, sockets.here, timings)

    yield* Effect.addFinalizer(() => mirror.leave)
    yield* Effect.raceFirst(Queue.take(woken), RealTime.onRealTime(Effect.sleep(timings.interval_ms))).pipe(
      Effect.andThen(mirror.update),
      Effect.andThen(rest),
      Effect.forever,
      Effect.forkScoped
    )

    return Presence.of({
      register: sockets.register,
      setSilent: sockets.setSilent,
      isConnected: (person) =>
        Effect.gen(function*() {
          if (sockets.here.has(keyOf(person))) return true
          // Where another runner's people may be thrown away, not to find somebody says nothing.
          if ((yield* valkey.state).eviction !== null) return null
          const now = yield* runnersTime
          const found = yield* valkey.run(find, [runnersKey, now, prefix, keyOf(person)])
          return Number(found) === 1
        }).pipe(Effect.catch(() => Effect.succeed(null)))
    })
  }))

export const layer = layerWith(presenceTimings)
