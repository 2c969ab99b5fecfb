// Availability, from the Valkey mirror: every question is one script. An answer is given only by a whole
// mirror; anything else is Unavailable, and the composition (availability.ts) asks Postgres instead.
import * as Effect from "effect/Effect"
import type { Freshness } from "../../domain/freshness.ts"
import type { Availability, HeartbeatOutcome } from "../../services/availability/availability.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { listed, unavailable, Valkey } from "../platform/valkey/connection.ts"
import { grouped, whenBusy } from "../platform/valkey/grouped.ts"
import { profileIn, wantKey } from "./mirror/keys.ts"
import { timeText } from "./mirror/mirror-writes.ts"
import * as Scripts from "./mirror/read-scripts.ts"
import type { Script } from "../platform/valkey/script.ts"

type Port = Availability["Service"]

export interface MirrorReads extends Pick<Port, "heartbeat" | "candidates" | "counts" | "lastHeartbeat"> {
  /** Null: this mirror was filled after `staleBefore` and may not know the pings of that time. */
  readonly stale: (
    staleBefore: number,
    limit: number,
    backgroundBefore?: number
  ) => Effect.Effect<ReadonlyArray<string> | null, Unavailable>
}

/** With every answer comes the generation that gave it, so that a reborn mirror is noticed. */
export interface MirrorReadsOptions {
  readonly onGeneration: (generation: string) => void
}

const outcomes: Record<string, HeartbeatOutcome> = { s: "seen", o: "offline", d: "deactivated" }

// One script run of this many pings holds Valkey up for about a millisecond.
const pingsPerRun = 200
const pingsWaitingMax = 16_384

const orEmpty = (ms: number | null): string => ms === null ? "" : String(ms)

/** Where a push gives more time; null where it makes no difference. */
const backgroundOf = ({ background_before, stale_before }: Freshness): number | null =>
  stale_before === null || background_before === undefined || background_before >= stale_before
    ? null
    : background_before

type Ping = readonly [mitraId: string, at: number]

/** Pings of one group mostly share their millisecond, and its text is the dear part. */
const argumentsOf = (pings: ReadonlyArray<Ping>): ReadonlyArray<string | number> => {
  let [known, text] = [Number.NaN, ""]
  return pings.flatMap(([mitraId, at]) => {
    if (at !== known) [known, text] = [at, timeText(at)]
    return [mitraId, at, text]
  })
}

export const makeMirrorReads = Effect.fnUntraced(function*({ onGeneration }: MirrorReadsOptions) {
  const valkey = yield* Valkey

  const ask = (script: Script, args: ReadonlyArray<string | number>) =>
    listed(valkey.run(script, args)).pipe(
      Effect.flatMap((answer): Effect.Effect<ReadonlyArray<string | number>, Unavailable> => {
        const [generation, ...rest] = answer as ReadonlyArray<string | number>
        if (generation === undefined || generation === Scripts.unseeded) return Effect.fail(unavailable)
        onGeneration(String(generation))
        return Effect.succeed(rest)
      })
    )

  const heartbeat = yield* grouped<Ping, HeartbeatOutcome>({
    queue_max: pingsWaitingMax,
    group_max: pingsPerRun,
    rest: whenBusy,
    run: (pings) =>
      ask(Scripts.heartbeat, argumentsOf(pings)).pipe(
        Effect.flatMap((answers) =>
          answers.length === pings.length
            ? Effect.succeed(answers.map((answer) => outcomes[answer] ?? "offline"))
            : Effect.fail(unavailable)
        )
      )
  })

  const reads: MirrorReads = {
    heartbeat: (mitraId, at) => heartbeat([mitraId.toLowerCase(), at]),
    candidates: (options) =>
      options.limit <= 0 || options.max_customers <= 0
        ? Effect.succeed([])
        : ask(Scripts.candidates, [
          orEmpty(options.stale_before),
          options.max_customers,
          options.limit,
          options.only ?? "",
          orEmpty(options.declined_since),
          options.open_offers_max,
          orEmpty(backgroundOf(options)),
          wantKey(options.wanted),
          ...options.exclude
        ]).pipe(
          Effect.map((found) =>
            Array.from({ length: found.length / 4 }, (_, index) => ({
              mitra_id: String(found[index * 4]),
              mitra_name: String(found[index * 4 + 1]),
              sessions: Number(found[index * 4 + 2]),
              ...profileIn(String(found[index * 4 + 3]).split(" "))
            }))
          )
        ),
    counts: (freshness) =>
      ask(Scripts.counts, [
        orEmpty(freshness.stale_before),
        freshness.max_customers,
        orEmpty(backgroundOf(freshness))
      ]).pipe(
        Effect.map(([online, available]) => ({ online: Number(online), available: Number(available) }))
      ),
    stale: (staleBefore, limit, backgroundBefore = staleBefore) =>
      ask(Scripts.stale, [staleBefore, Math.max(0, limit), Math.min(staleBefore, backgroundBefore)]).pipe(
        Effect.map(([bornAt, ...ids]) => Number(bornAt) > staleBefore ? null : ids.map(String))
      ),
    lastHeartbeat: (mitraId) =>
      ask(Scripts.lastHeartbeat, [mitraId.toLowerCase()]).pipe(
        Effect.map(([seen]) => seen === "" ? null : Number(seen))
      )
  }
  return reads
})
