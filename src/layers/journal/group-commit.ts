// The group commit of one runner: turns that arrive while its commits are in flight form the next group, and
// an idle journal commits at once; only behind a group of several does the next one gather for a moment.
// Owns grouping, the order of an actor's turns, the bounds of the queue, draining, and an operator's numbers.
// Not the Batcher: what is taken splits into groups, and turns of a group end differently.
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { TurnWrite, Verdict } from "../../services/journal/journal.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { makeWriteGroup, noAnswer, settle } from "./group-writer.ts"
import type { GroupWriter, Waiting, WritingLimits } from "./group-writer.ts"
import { stopBudgets } from "../../services/platform/stop-budgets.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export interface GroupLimits extends WritingLimits {
  /** Turns waiting at most; one more is refused at once, as retryable. */
  readonly queue_turns: number
  readonly group_turns: number
  /** Commits in flight: while one waits for its flush, the next is under way. */
  readonly commits_at_once: number
  /**
   * Behind a group of at least `from` turns the next is taken no sooner than `ms` after it: a group costs
   * Postgres about as much as ten turns do, and each wake-up of this process its own. Null: never.
   */
  readonly apart: { readonly from: number; readonly ms: number } | null
  readonly drain_timeout_ms: number
}

export const defaultLimits: GroupLimits = {
  queue_turns: 4096,
  group_turns: 256,
  commits_at_once: 2,
  apart: { from: 3, ms: 3 },
  commit_timeout_ms: 5000,
  alone_at_once: 4,
  drain_timeout_ms: stopBudgets.journal_ms
}

const groupTurns = Metric.histogram("journal_group_turns", {
  description: "Turns written by one transaction",
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256]
})
const boundariesMs = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
const turnWait = Metric.histogram("journal_turn_wait_ms", {
  description: "From handing a turn in to the start of its transaction",
  boundaries: boundariesMs
})
const groupTime = Metric.histogram("journal_group_ms", {
  description: "From the start of a group's transaction to its end",
  boundaries: boundariesMs
})

const overloaded = new Unavailable({ what: "postgres", retryable: true })
const draining = new Unavailable({ what: "draining", retryable: true })

const elapsedMs = (from: bigint, to: bigint): number => Number(to - from) / 1e6

const keyOf = ({ turn: { actor } }: Waiting): string => `${actor.kind}/${actor.id}`

/**
 * Splits what was taken into groups with one turn per actor, in order: an actor's next turn stands on
 * the one before it. Actors hand in one at a time, so there is nearly always exactly one group.
 */
const oneTurnPerActor = (taken: ReadonlyArray<Waiting>): ReadonlyArray<ReadonlyArray<Waiting>> => {
  if (taken.length === 1) return [taken]
  const groups: Array<Array<Waiting>> = []
  const groupsJoined = new Map<string, number>()
  for (const waiting of taken) {
    const key = keyOf(waiting)
    const index = groupsJoined.get(key) ?? 0
    groupsJoined.set(key, index + 1)
    const group = groups[index]
    if (group === undefined) groups.push([waiting])
    else group.push(waiting)
  }
  return groups
}

/** Turns that are written in one trip do not wait for those that take a transaction of many statements. */
const shortOnesFirst = (
  group: ReadonlyArray<Waiting>,
  isShort: GroupWriter["isShort"]
): ReadonlyArray<ReadonlyArray<Waiting>> => {
  const short = group.filter(({ turn }) => isShort(turn))
  return short.length === 0 || short.length === group.length
    ? [group]
    : [short, group.filter(({ turn }) => !isShort(turn))]
}

/** What one worker has in hand. */
interface Batch {
  readonly actors: ReadonlySet<string>
  readonly done: Deferred.Deferred<void>
}

/** Runs a batch when those taken before it that have a turn of the same actor are through. */
const makeInOrder = () => {
  const batches = new Set<Batch>()
  return (taken: ReadonlyArray<Waiting>, write: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const batch: Batch = { actors: new Set(taken.map(keyOf)), done: Deferred.makeUnsafe<void>() }
      const before = [...batches].filter(({ actors }) => taken.some((one) => actors.has(keyOf(one))))
      batches.add(batch)
      const inTurn = before.length === 0
        ? write
        : Effect.andThen(Effect.forEach(before, ({ done }) => Deferred.await(done), { discard: true }), write)
      return Effect.ensuring(
        inTurn,
        Effect.sync(() => {
          batches.delete(batch)
          Deferred.doneUnsafe(batch.done, Exit.void)
        })
      )
    })
}

/** Takes what waits, for one worker at a time, and no sooner than the group before it allows. */
const makeTake = (queue: Queue.Dequeue<Waiting, Cause.Done>, limits: GroupLimits, clock: Clock.Clock) => {
  const { apart, group_turns } = limits
  const take = Queue.takeBetween(queue, 1, group_turns)
  if (apart === null) return take
  const oneWorker = Semaphore.makeUnsafe(1)
  let taken_ns: bigint | null = null
  const pause = Effect.suspend(() => {
    const left = taken_ns === null ? 0 : apart.ms - elapsedMs(taken_ns, clock.currentTimeNanosUnsafe())
    return left > 0 ? RealTime.onRealTime(Effect.sleep(left)) : Effect.void
  })
  return oneWorker.withPermit(Effect.andThen(
    pause,
    Effect.map(take, (taken) => {
      taken_ns = taken.length >= apart.from ? clock.currentTimeNanosUnsafe() : null
      return taken
    })
  ))
}

/** Writes groups and notes what each cost. */
const measured = (
  write: (group: ReadonlyArray<Waiting>) => Effect.Effect<void>,
  clock: Clock.Clock,
  context: Context.Context<never>
) =>
(group: ReadonlyArray<Waiting>): Effect.Effect<void> => {
  const start = clock.currentTimeNanosUnsafe()
  groupTurns.updateUnsafe(group.length, context)
  for (const { since_ns } of group) turnWait.updateUnsafe(elapsedMs(since_ns, start), context)
  return Effect.map(write(group), () => {
    groupTime.updateUnsafe(elapsedMs(start, clock.currentTimeNanosUnsafe()), context)
  })
}

/**
 * Starts the workers in this scope and gives the way to hand turns in. Closing the scope refuses new turns
 * and finishes those in hand. A caller that goes away while it waits takes nothing back: its turn may still
 * be written.
 */
export const makeGroupCommit = Effect.fnUntraced(function*(
  writer: GroupWriter,
  limits: GroupLimits = defaultLimits
): Effect.fn.Return<(turn: TurnWrite) => Effect.Effect<Verdict, Unavailable>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const queue = yield* Queue.bounded<Waiting, Cause.Done>(limits.queue_turns)
  let isDraining = false

  const refuseWaiting = Effect.flatMap(Queue.clear(queue), (waiting) => settle(waiting, Exit.fail(noAnswer)))
  const write = measured(makeWriteGroup(writer, limits, refuseWaiting), clock, yield* Effect.context<never>())

  const inOrder = makeInOrder()

  const groupsOf = (taken: ReadonlyArray<Waiting>) =>
    oneTurnPerActor(taken).flatMap((group) => shortOnesFirst(group, writer.isShort))
  const worker = makeTake(queue, limits, clock).pipe(
    Effect.flatMap((taken) =>
      inOrder(taken, Effect.forEach(groupsOf(taken), write, { discard: true })).pipe(
        // Whatever happens to the worker, no caller is left waiting.
        Effect.ensuring(settle(taken, Exit.fail(noAnswer)))
      )
    ),
    Effect.forever
  )
  const workers = yield* Effect.forEach(
    Array.from({ length: limits.commits_at_once }),
    () => Effect.forkScoped(worker)
  )

  const drain = Effect.gen(function*() {
    isDraining = true
    yield* Queue.end(queue)
    const finished = yield* Fiber.awaitAll(workers).pipe(RealTime.timeoutOption(limits.drain_timeout_ms))
    if (Option.isSome(finished)) return
    yield* Effect.logWarning("the journal was not drained in time; what is left counts as unknown")
    yield* refuseWaiting
  })
  yield* Effect.addFinalizer(() => Effect.ignoreCause(Effect.interruptible(drain)))

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
