// Writing one group of turns, within its time: together first, one by one when that was spoiled. Every
// caller gets an answer, whatever happens to the writer.
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type { TurnWrite, Verdict } from "../../services/journal/journal.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import * as RealTime from "../../services/platform/real-time.ts"

/** What a writer says of one turn: a verdict, or the defect its caller dies of. */
export type Outcome = Exit.Exit<Verdict, Unavailable>

/** The group was not written because one of its turns (or a ring of locks) spoiled it for all. */
export class BatchFailed {
  readonly _tag = "BatchFailed"
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

export interface GroupWriter {
  /** Written in one trip when all turns of its group are: such turns get groups of their own. */
  readonly isShort: (turn: TurnWrite) => boolean
  /** Writes all turns in one transaction; at most one turn per actor. One outcome per turn, in order. */
  readonly writeBatch: (
    turns: ReadonlyArray<TurnWrite>
  ) => Effect.Effect<ReadonlyArray<Outcome>, Unavailable | BatchFailed>
  /** Writes one turn in its own transaction, and says what is wrong with it if something is. */
  readonly writeOne: (turn: TurnWrite) => Effect.Effect<Verdict, Unavailable>
}

/** A turn that was handed in, and the caller that waits for its verdict. */
export interface Waiting {
  readonly turn: TurnWrite
  readonly since_ns: bigint
  readonly answer: Deferred.Deferred<Verdict, Unavailable>
}

export interface WritingLimits {
  /** For one attempt to write a group, and once more for writing its turns one by one. */
  readonly commit_timeout_ms: number
  /** How many turns of a spoiled group are written at the same time, each in its own transaction. */
  readonly alone_at_once: number
}

export const failedBatches = Metric.counter("journal_spoiled_groups_total", {
  description: "Groups that had to be written turn by turn",
  incremental: true
})

/** Postgres did not answer in time. */
export const noAnswer = new Unavailable({ what: "postgres", retryable: true })

/** Answers these callers; those who have an answer keep it. */
export const settle = (group: ReadonlyArray<Waiting>, outcome: Outcome): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const { answer } of group) Deferred.doneUnsafe(answer, outcome)
  })

/**
 * Waits for `effect` no longer than `ms`. It runs in a fiber of its own: rolling back a transaction
 * on a server that does not answer cannot be interrupted, and must not hold the loop.
 */
const bounded = <A, E>(effect: Effect.Effect<A, E>, ms: number): Effect.Effect<A, E | Unavailable> =>
  Effect.flatMap(Effect.forkDetach(effect, { startImmediately: true }), (fiber) => {
    const abandon = Effect.forkDetach(Fiber.interrupt(fiber))
    return Effect.flatMap(
      Effect.onInterrupt(RealTime.awaitFor(fiber, ms), () => abandon),
      (exit): Effect.Effect<A, E | Unavailable> => exit ?? Effect.andThen(abandon, Effect.fail(noAnswer))
    )
  })

const logFailedBatch = (group: ReadonlyArray<Waiting>, { why }: BatchFailed) =>
  Metric.update(failedBatches, 1).pipe(
    Effect.andThen(Effect.logWarning("a group of turns is written one by one")),
    Effect.annotateLogs({ why, turns: group.length })
  )

/** `onSilence` runs when the time was up, so that the turns behind this group need not wait as long. */
export const makeWriteGroup = (
  writer: GroupWriter,
  limits: WritingLimits,
  onSilence: Effect.Effect<void>
) => {
  const writeOne = (waiting: Waiting): Effect.Effect<void> =>
    Effect.flatMap(Effect.exit(writer.writeOne(waiting.turn)), (outcome) => settle([waiting], outcome))

  const oneByOne = (group: ReadonlyArray<Waiting>) =>
    Effect.forEach(group, writeOne, { concurrency: limits.alone_at_once, discard: true })

  const writeBatch = (group: ReadonlyArray<Waiting>) =>
    Effect.flatMap(
      writer.writeBatch(group.map(({ turn }) => turn)),
      (outcomes) =>
        Effect.sync(() =>
          group.forEach(({ answer }, index) =>
            Deferred.doneUnsafe(answer, outcomes[index] ?? Exit.fail(noAnswer))
          )
        )
    )

  /** A group is one turn wherever commits are faster than turns. */
  const inOneGo = (group: ReadonlyArray<Waiting>) => {
    const [first] = group
    return first !== undefined && group.length === 1 ? writeOne(first) : writeBatch(group)
  }

  return (group: ReadonlyArray<Waiting>): Effect.Effect<void> =>
    bounded(inOneGo(group), limits.commit_timeout_ms).pipe(
      Effect.catchIf((error) => error._tag === "BatchFailed", (spoiled) =>
        Effect.andThen(
          logFailedBatch(group, spoiled),
          bounded(oneByOne(group), limits.commit_timeout_ms)
        )),
      Effect.catch((unavailable) =>
        Effect.andThen(
          settle(group, Exit.fail(unavailable)),
          unavailable === noAnswer ? onSilence : Effect.void
        )
      ),
      Effect.catchCause((cause) =>
        Effect.andThen(
          Effect.logError("defect while writing a group of turns", cause),
          settle(group, Exit.fail(noAnswer))
        )
      )
    )
}
