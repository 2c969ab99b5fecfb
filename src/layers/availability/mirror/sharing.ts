// Whether all runners see the same Valkey. One that was moved to another, or does not reach its own, leaves
// what it writes out of the others' mirror: while they differ no mirror is believed, and Postgres answers.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { set } from "../../../services/operations/figures.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import type { Valkey } from "../../platform/valkey/connection.ts"
import type { ValkeySightings } from "../valkey-sightings.postgres.ts"
import { keys } from "./keys.ts"

const lookEvery = "2 seconds"
const lookWithin = "2 seconds"
/** Runners look one after the other: after a wipe or a restart they differ for a round. */
const looksBeforeSplit = 3
const forgottenWithin = "500 millis"

export const notShared = "valkey_not_shared"

/**
 * The process and the keyspace: a replica that became a second primary has the same keys, and another
 * database of the same server the same process.
 */
export const identityOf = (valkey: Valkey["Service"], name: string): Effect.Effect<string | null> =>
  Effect.gen(function*() {
    yield* valkey.call("SET", keys.identity, name, "NX")
    const keyspace = String(yield* valkey.call("GET", keys.identity))
    // An ACL may keep it from us, from all runners alike.
    const info = yield* Effect.orElseSucceed(valkey.call("INFO", "server"), () => "")
    const process = /run_id:(\w+)/.exec(String(info))?.[1] ?? ""
    return `${process}/${keyspace}`
  }).pipe(Effect.orElseSucceed(() => null))

export interface Sharing {
  readonly isShared: () => boolean
}

export interface SharingOptions {
  readonly sightings: ValkeySightings
  /** Of this process. */
  readonly runner: string
  readonly seen: Effect.Effect<string | null>
  readonly onSplit: Effect.Effect<void>
}

/** Looks for as long as its scope is open; the first look has been when it is made, and counts alone. */
export const makeSharing = Effect.fnUntraced(function*({ onSplit, runner, seen, sightings }: SharingOptions) {
  let isShared = true
  let differing = looksBeforeSplit - 1

  const decide = Effect.fnUntraced(function*(differs: boolean) {
    differing = differs ? differing + 1 : 0
    const next = differing < looksBeforeSplit
    if (next === isShared) return
    isShared = next
    set(notShared, isShared ? 0 : 1)
    if (isShared) return yield* Effect.logInfo("all runners see the same Valkey again")
    yield* Effect.logWarning(`${notShared}: runners see different Valkeys, or some none; Postgres answers`)
    yield* onSplit
  })

  const look = Effect.gen(function*() {
    const own = yield* seen
    const others = yield* sightings.tell(runner, own, yield* Clock.currentTimeMillis)
    yield* decide(others.some((other) => other !== own))
  }).pipe(RealTime.timeout(lookWithin), Effect.ignoreCause)

  yield* RealTime.onRealTime(look)
  if (isShared) differing = 0
  yield* Effect.addFinalizer(() => Effect.ignore(RealTime.timeout(sightings.forget(runner), forgottenWithin)))
  yield* Effect.forkScoped(
    RealTime.onRealTime(Effect.repeat(Effect.delay(look, lookEvery), Schedule.forever))
  )
  const sharing: Sharing = { isShared: () => isShared }
  return sharing
})

/** A runner without a Valkey says so: those that have one must not go by it. */
export const makeSharingNothing = Effect.fnUntraced(function*(sightings: ValkeySightings, runner: string) {
  return yield* makeSharing({ sightings, runner, seen: Effect.succeed(null), onSplit: Effect.void })
})
