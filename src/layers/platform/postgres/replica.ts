// A read replica, watched: how far it is behind the primary, in time, and whether it may be read. The primary
// says every second how far it has written; the replica is as old as the last such word it has replayed. No
// machine's clock is asked, and a replica that is cut off ages although nothing is written.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { set } from "../../../services/operations/figures.ts"
import type { ReplicaState } from "../../../services/operations/replica-standing.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import { firstOf } from "./columns.ts"

type Sql = SqlClient.SqlClient

const lookEvery = "1 second"
const answersWithin = "2 seconds"
/** Longer than any bound on the lag. */
const wordsMax = 600

/** `0/16B3748` as a number. */
export const positionOf = (lsn: string): bigint => {
  const [high = "0", low = "0"] = lsn.split("/")
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}

interface Word {
  readonly at: number
  readonly position: bigint
}

/** What the primary has said, newest last, and how old it makes a replica. */
export class Words {
  #said: Array<Word> = []

  say(word: Word): void {
    this.#said.push(word)
    if (this.#said.length > wordsMax) this.#said.shift()
  }

  /** Milliseconds behind; null for a replica that has none of it. */
  lagAt(now: number, replayed: bigint): number | null {
    const known = this.#said.findLastIndex(({ position }) => position <= replayed)
    if (known < 0) return null
    this.#said = this.#said.slice(known)
    const last = this.#said[0]
    // Caught up with the newest word: there is nothing it lacks.
    return last === undefined || this.#said.length === 1 ? 0 : now - last.at
  }
}

const writtenOf = firstOf(Schema.Struct({ lsn: Schema.String }))
const replayedOf = firstOf(
  Schema.Struct({ is_standby: Schema.Boolean, lsn: Schema.NullOr(Schema.String) })
)

const asked = <A, E>(question: Effect.Effect<A, E>) => RealTime.timeout(question, answersWithin)

const unseen: ReplicaState = { lag_seconds: null, trouble: "not seen yet" }

export interface Watched {
  readonly standing: () => ReplicaState
  /** It failed a read: not used until the next look finds it well. */
  readonly fail: Effect.Effect<void>
}

const found = (lagMs: number | null, maxSeconds: number): ReplicaState => {
  if (lagMs === null) return { lag_seconds: null, trouble: "has replayed nothing of what was written since" }
  const lag_seconds = lagMs / 1000
  return { lag_seconds, trouble: lag_seconds <= maxSeconds ? null : `is ${Math.round(lag_seconds)} s behind` }
}

/** Looks until the scope closes. `maxSeconds`: further behind than that it is not read. */
export const watch = Effect.fnUntraced(
  function*(primary: Sql, replica: Sql, maxSeconds: Effect.Effect<number>) {
    const words = new Words()
    let standing = unseen

    const become = (next: ReplicaState) =>
      Effect.suspend(() => {
        const was = standing
        standing = next
        set("replica_in_use", next.trouble === null ? 1 : 0)
        if (next.lag_seconds !== null) set("replica_lag_seconds", next.lag_seconds)
        if (was.trouble === next.trouble || (was.trouble !== null && next.trouble !== null)) {
          return Effect.void
        }
        return next.trouble === null
          ? Effect.logInfo("the read replica is close behind: it serves what bears lag")
          : Effect.logWarning("the read replica serves nothing: the primary does").pipe(
            Effect.annotateLogs({ why: next.trouble })
          )
      })

    const look = Effect.gen(function*() {
      const at = yield* Clock.currentTimeMillis
      const written = yield* asked(
        Effect.flatMap(primary`SELECT pg_current_wal_lsn()::text AS lsn`, writtenOf)
      )
      if (written !== null) words.say({ at, position: positionOf(written.lsn) })
      const replayed = yield* asked(Effect.flatMap(
        replica`SELECT pg_is_in_recovery() AS is_standby, pg_last_wal_replay_lsn()::text AS lsn`,
        replayedOf
      ))
      if (replayed === null || !replayed.is_standby || replayed.lsn === null) {
        return { lag_seconds: null, trouble: "is no standby" } satisfies ReplicaState
      }
      const now = yield* Clock.currentTimeMillis
      return found(words.lagAt(now, positionOf(replayed.lsn)), yield* maxSeconds)
    }).pipe(
      Effect.catchCause(() =>
        Effect.succeed<ReplicaState>({ lag_seconds: null, trouble: "does not answer" })
      ),
      Effect.flatMap(become)
    )

    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(lookEvery)))
    return {
      standing: () => standing,
      fail: become({ lag_seconds: null, trouble: "failed a read" })
    } satisfies Watched
  }
)
