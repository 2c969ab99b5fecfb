// Settings as every adapter serves them: values kept in memory for at most a minute, read from a
// store that only knows rows. One runner's cache; the bus tells the others to forget theirs. Not the single
// flight: who asks after a change must not get the answer to a question that was asked before it.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import {
  checkSetting,
  defaultSettings,
  type SettingKey,
  type Settings as Values
} from "../../domain/settings.ts"
import type { AuditEntry } from "../../domain/audit.ts"
import { Settings } from "../../services/settings/settings.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export interface SettingRow {
  readonly key: string
  readonly value: unknown
}

export interface SettingsStore {
  readonly rows: Effect.Effect<ReadonlyArray<SettingRow>, Unavailable>
  /** The value and its audit entry, together or not at all; false: not, because of `seen`. */
  readonly write: (
    key: SettingKey,
    value: Json,
    audit: AuditEntry,
    seen?: Json
  ) => Effect.Effect<boolean, Unavailable>
}

const maxAgeMs = 60_000

/** One bad row (another version's, or written by hand) must not take the product down. */
const valuesOf = Effect.fnUntraced(function*(rows: ReadonlyArray<SettingRow>) {
  const usable: Record<string, Values[SettingKey]> = {}
  for (const row of rows) {
    // Cadence 0: that rule belongs to the writer, whose runner may be configured otherwise.
    const checked = checkSetting(row.key, row.value, 0)
    if (Result.isSuccess(checked)) usable[checked.success[0]] = checked.success[1]
    else yield* Effect.logWarning(`stored setting "${row.key}" is not used: ${checked.failure.message}`)
  }
  return { ...defaultSettings, ...usable } satisfies Values
})

/** The service over a store, with a cache of its own. */
export const cached = Effect.fnUntraced(function*(store: SettingsStore) {
  let held: { readonly values: Values; readonly at: number } | null = null
  // What a reader started to load before a refresh may be old: it is not kept.
  let generation = 0
  const oneLoader = yield* Semaphore.make(1)

  const fresh = Effect.map(
    Clock.currentTimeMillis,
    (now) => held !== null && now - held.at < maxAgeMs ? held.values : null
  )

  const load = Effect.gen(function*() {
    const meanwhile = yield* fresh
    if (meanwhile !== null) return meanwhile
    const started = generation
    const at = yield* Clock.currentTimeMillis
    const values = yield* valuesOf(yield* store.rows)
    if (started === generation) held = { values, at }
    return values
  })

  // All callers that wait behind a load that hangs give up with it, not one after the other.
  const loaded = RealTime.timeoutOrElse(oneLoader.withPermit(load), {
    duration: "15 seconds",
    orElse: () => Effect.fail(new Unavailable({ what: "settings", retryable: true }))
  })

  const refresh = Effect.sync(() => {
    generation += 1
    held = null
  })

  return Settings.of({
    current: Effect.flatMap(fresh, (values) => values === null ? loaded : Effect.succeed(values)),
    // Also after a failure: whether the write was committed is then unknown.
    put: (key, value, audit, seen) => store.write(key, value, audit, seen).pipe(Effect.ensuring(refresh)),
    refresh
  })
})
