// The failpoints of a turn: a test may stop or hold the process around the commit and behind the publishing,
// once per event. Outside of tests there are none and both calls pass through.
import * as Effect from "effect/Effect"
import { Failpoints, passFailpoint } from "../services/manual-clock/failpoints.ts"
import type { Verdict } from "../services/journal/journal.ts"
import type { Unavailable } from "../services/platform/unavailable.ts"

type Events = ReadonlyArray<{ readonly _tag: string }>
type Commit = Effect.Effect<Verdict, Unavailable>

export interface TurnFailpoints {
  readonly aroundCommit: (events: Events, commit: Commit) => Commit
  readonly behindPublish: (events: Events, publish: Effect.Effect<void>) => Effect.Effect<void>
}

const none: TurnFailpoints = { aroundCommit: (_, commit) => commit, behindPublish: (_, publish) => publish }

export const makeTurnFailpoints: Effect.Effect<TurnFailpoints> = Effect.map(
  Failpoints,
  (gate) =>
    gate === null ? none : {
      aroundCommit: (events, commit) =>
        passFailpoint(gate, "before_commit", events).pipe(
          Effect.andThen(commit),
          Effect.tap((verdict) =>
            verdict._tag === "Committed" ? passFailpoint(gate, "after_commit", events) : Effect.void
          )
        ),
      behindPublish: (events, publish) =>
        Effect.andThen(publish, Effect.orDie(passFailpoint(gate, "after_publish", events)))
    }
)
