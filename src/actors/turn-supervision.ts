// Supervision of turns: a defect costs its caller one answer and the state is loaded again; an actor that
// lost its epoch, or dies again and again, keeps silent for a while instead of spinning.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { growingPause } from "../domain/growing-pause.ts"
import type { Refusal } from "../domain/refusal.ts"
import { count } from "../services/operations/figures.ts"
import { Unavailable } from "../services/platform/unavailable.ts"
import * as RealTime from "../services/platform/real-time.ts"
import type { Call } from "./turn-call.ts"

/** After losing its epoch an actor stays silent this long: by then its cluster knows who owns it. */
const fencedSilenceMs = 5000
/** Repeated defects silence an actor with back-off. */
const defectsBeforeSilence = 3
const defectSilenceMaxMs = 30_000

const moved = new Unavailable({ what: "actor", retryable: true })

// How long an actor keeps silent is between it and the cluster; it must not outlast a clock that stands.
const silenceNow = RealTime.onRealTime(Clock.currentTimeMillis)

interface Supervised {
  readonly kind: string
  readonly id: string
  /** The state is to be loaded again. */
  readonly forget: () => void
}

export const makeTurnSupervision = ({ forget, id, kind }: Supervised) => {
  const label = { actor: kind, actor_id: id }
  let silentUntil = 0
  let defects = 0

  const onDefect = Effect.fnUntraced(
    function*(call: Call<{ readonly _tag: string }>, cause: Cause.Cause<Refusal | Unavailable>) {
      forget()
      defects += 1
      count("turn_defects_total", [kind])
      if (defects >= defectsBeforeSilence) {
        const silence = growingPause(defects - defectsBeforeSilence, 1000, defectSilenceMaxMs)
        silentUntil = (yield* silenceNow) + silence
      }
      yield* Effect.logError("defect in a turn; state is reloaded", cause).pipe(
        Effect.annotateLogs({ ...label, command: call.command._tag, sender: call.sender_id, defects })
      )
      return yield* Effect.fail(moved)
    }
  )

  /** Most actors never are silent. */
  const unlessSilent = <Reply>(turn: Effect.Effect<Reply, Refusal | Unavailable>) =>
    silentUntil === 0
      ? turn
      : Effect.flatMap(silenceNow, (now) => now < silentUntil ? Effect.fail(moved) : turn)

  return {
    /** A turn that started is not interrupted half-way. */
    supervise: <Reply>(
      call: Call<{ readonly _tag: string }>,
      turn: () => Effect.Effect<Reply, Refusal | Unavailable>
    ): Effect.Effect<Reply, Refusal | Unavailable> =>
      Effect.suspend(() => unlessSilent(turn())).pipe(
        Effect.uninterruptible,
        Effect.catchCauseIf((cause) => Cause.hasDies(cause), (cause) => onDefect(call, cause))
      ),
    /** Another owner has a newer epoch. */
    fencedOut: Effect.gen(function*() {
      count("fenced_turns_total", [kind])
      silentUntil = (yield* silenceNow) + fencedSilenceMs
      yield* Effect.logWarning("fenced out: another owner has a newer epoch").pipe(Effect.annotateLogs(label))
      return yield* Effect.fail(moved)
    }),
    /** What went well ends a row of defects. */
    committed: (): void => {
      defects = 0
    }
  }
}
