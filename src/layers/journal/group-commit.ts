// The group-commit loop of one runner: turns that arrive while a commit is in flight form the next
// group, an idle journal commits at once, and nothing ever waits for a timer. How a group is written
// is the adapter's business; this file owns grouping, bounds, supervision, draining and metrics.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { TurnWrite, Verdict } from "../../services/journal.ts"
import { Unavailable } from "../../services/unavailable.ts"

export interface GroupLimits {
  /** Turns waiting at most; one more is refused at once, as retryable. */
  readonly queue_turns: number
  readonly group_turns: number
  /** For one attempt to write a group, and once more for writing its turns one by one. */
  readonly commit_timeout_ms: number
  /** How many turns of a spoiled group are written at the same time, each in its own transaction. */
  readonly alone_at_once: number
  readonly drain_timeout_ms: number
}

export const defaultLimits: GroupLimits = {
  queue_turns: 4096,
  group_turns: 256,
  commit_timeout_ms: 5000,
  alone_at_once: 4,
  drain_timeout_ms: 10_000
}

/** What a writer says of one turn: a verdict, or the defect its caller dies of. */
export type Outcome = Exit.Exit<Verdict, Unavailable>

/** The group was not written because one of its turns (or a deadlock) spoiled it for all. */
export class GroupSpoiled {
  readonly _tag = "GroupSpoiled"
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

export interface GroupWriter {
  /** Writes all turns in one transaction; at most one turn per actor. One outcome per turn, in order. */
  readonly together: (
    turns: ReadonlyArray<TurnWrite>
  ) => Effect.Effect<ReadonlyArray<Outcome>, Unavailable | GroupSpoiled>
  /** Writes one turn in its own transaction, and says what is wrong with it if something is. */
  readonly alone: (turn: TurnWrite) => Effect.Effect<Verdict, Unavailable>
}

interface Waiting {
  readonly turn: TurnWrite
  readonly since_ns: bigint
  readonly answer: Deferred.Deferred<Verdict, Unavailable>
}

const groupTurns = Metric.histogram("journal_group_turns", {
  description: "Turns written by one transaction",
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256]
})
const millisecondBoundaries = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
const turnWait = Metric.histogram("journal_turn_wait_ms", {
  description: "From handing a turn in to the start of its transaction",
  boundaries: millisecondBoundaries
})
const groupTime = Metric.histogram("journal_group_ms", {
  description: "From the start of a group's transaction to its end",
  boundaries: millisecondBoundaries
})
const spoiledGroups = Metric.counter("journal_spoiled_groups_total", {
  description: "Groups that had to be written turn by turn",
  incremental: true
})

const overloaded = new Unavailable({ what: "postgres", retryable: true })
const draining = new Unavailable({ what: "draining", retryable: true })
const noAnswer = new Unavailable({ what: "postgres", retryable: true })

const elapsedMs = (from: bigint, to: bigint): number => Number(to - from) / 1e6

/**
 * Splits what was taken into groups with one turn per actor, in order: an actor's next turn stands on
 * the one before it. Actors hand in one at a time, so there is nearly always exactly one group.
 */
const oneTurnPerActor = (taken: ReadonlyArray<Waiting>): ReadonlyArray<ReadonlyArray<Waiting>> => {
  const groups: Array<Map<string, Waiting>> = []
  for (const waiting of taken) {
    const { actor } = waiting.turn
    const key = `${actor.kind}/${actor.id}`
    const group = groups.findLast((earlier) => earlier.has(key))
    const next = group === undefined ? 0 : groups.indexOf(group) + 1
    if (next === groups.length) groups.push(new Map())
    groups[next]?.set(key, waiting)
  }
  return groups.map((group) => [...group.values()])
}

/**
 * Waits for `effect` no longer than `ms`. It runs in a fiber of its own: rolling back a transaction
 * on a server that does not answer cannot be interrupted, and must not hold the loop.
 */
const bounded = <A, E>(effect: Effect.Effect<A, E>, ms: number): Effect.Effect<A, E | Unavailable> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
    const abandon = Effect.forkDetach(Fiber.interrupt(fiber))
    const exit = yield* Fiber.await(fiber).pipe(Effect.timeoutOption(ms), Effect.onInterrupt(() => abandon))
    if (Option.isSome(exit)) return yield* exit.value
    yield* abandon
    return yield* Effect.fail(noAnswer)
  })

const settle = (group: ReadonlyArray<Waiting>, outcome: Outcome) =>
  Effect.forEach(group, ({ answer }) => Deferred.done(answer, outcome), { discard: true })

/** Starts the loop in this scope. Closing the scope refuses new turns and finishes those in hand. */
export const makeGroupCommit = Effect.fnUntraced(function*(
  writer: GroupWriter,
  limits: GroupLimits = defaultLimits
): Effect.fn.Return<(turn: TurnWrite) => Effect.Effect<Verdict, Unavailable>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  const queue = yield* Queue.bounded<Waiting, Cause.Done>(limits.queue_turns)
  let isDraining = false

  const oneByOne = (group: ReadonlyArray<Waiting>) =>
    Effect.forEach(
      group,
      (waiting) =>
        Effect.flatMap(Effect.exit(writer.alone(waiting.turn)), (outcome) => settle([waiting], outcome)),
      { concurrency: limits.alone_at_once, discard: true }
    )

  /** A server that lets one group time out will do so again: those behind it are told at once. */
  const refuseWaiting = Queue.clear(queue).pipe(
    Effect.flatMap((waiting) => settle(waiting, Exit.fail(noAnswer)))
  )

  const writeTogether = (group: ReadonlyArray<Waiting>) =>
    writer.together(group.map(({ turn }) => turn)).pipe(
      Effect.flatMap((outcomes) =>
        Effect.forEach(group, (waiting, index) => settle([waiting], outcomes[index] ?? Exit.fail(noAnswer)), {
          discard: true
        })
      )
    )

  const write = (group: ReadonlyArray<Waiting>) =>
    bounded(group.length === 1 ? oneByOne(group) : writeTogether(group), limits.commit_timeout_ms).pipe(
      Effect.catchIf((error) => error._tag === "GroupSpoiled", (spoiled) =>
        Effect.gen(function*() {
          yield* Metric.update(spoiledGroups, 1)
          yield* Effect.logWarning("a group of turns is written one by one").pipe(
            Effect.annotateLogs({ why: spoiled.why, turns: group.length })
          )
          yield* bounded(oneByOne(group), limits.commit_timeout_ms)
        })),
      Effect.catch((unavailable) =>
        Effect.andThen(
          settle(group, Exit.fail(unavailable)),
          unavailable === noAnswer ? refuseWaiting : Effect.void
        )
      ),
      Effect.catchCause((cause) =>
        Effect.andThen(
          Effect.logError("defect while writing a group of turns", cause),
          settle(group, Exit.fail(noAnswer))
        )
      )
    )

  const measured = (group: ReadonlyArray<Waiting>) =>
    Effect.gen(function*() {
      const start = clock.currentTimeNanosUnsafe()
      groupTurns.updateUnsafe(group.length, context)
      for (const { since_ns } of group) turnWait.updateUnsafe(elapsedMs(since_ns, start), context)
      yield* write(group)
      groupTime.updateUnsafe(elapsedMs(start, clock.currentTimeNanosUnsafe()), context)
    })

  const loop = Queue.takeBetween(queue, 1, limits.group_turns).pipe(
    Effect.flatMap((taken) =>
      Effect.forEach(oneTurnPerActor(taken), measured, { discard: true }).pipe(
        // Whatever happens to the loop, nobody is left waiting.
        Effect.ensuring(settle(taken, Exit.fail(noAnswer)))
      )
    ),
    Effect.forever
  )
  const running = yield* Effect.forkScoped(loop)

  const drain = Effect.gen(function*() {
    isDraining = true
    yield* Queue.end(queue)
    const finished = yield* Fiber.await(running).pipe(Effect.timeoutOption(limits.drain_timeout_ms))
    if (Option.isSome(finished)) return
    yield* Effect.logWarning("the journal was not drained in time; what is left counts as unknown")
    yield* refuseWaiting
  }).pipe(Effect.interruptible)
  yield* Effect.addFinalizer(() => Effect.ignoreCause(drain))

  return (turn) =>
    Effect.suspend(() => {
      if (isDraining) return Effect.fail(draining)
      const waiting: Waiting = {
        turn,
        since_ns: clock.currentTimeNanosUnsafe(),
        answer: Deferred.makeUnsafe<Verdict, Unavailable>()
      }
      return Queue.offerUnsafe(queue, waiting) ? Deferred.await(waiting.answer) : Effect.fail(overloaded)
    })
})
