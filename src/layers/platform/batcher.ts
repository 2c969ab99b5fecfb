// Batching: what arrives while a call is on its way shares the next one. An idle batcher goes at once; only
// one that is busy, and whose callers are in no hurry, may rest between two calls, so that fewer carry more.
// Bounded: when the queue is full the caller is told so.
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as RealTime from "../../services/platform/real-time.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"

interface Waiting<In, Out> {
  readonly item: In
  readonly answer: Deferred.Deferred<Out, Unavailable>
}

export interface BatcherOptions<In, Out> {
  readonly queue_max: number
  readonly batch_max: number
  /** Batches under way at the same time: one that hangs does not hold up what comes after it; 1 if absent. */
  readonly at_once?: number
  /** Answers a batch in its order. */
  readonly run: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, Unavailable>
  /** The failure when the queue is full. */
  readonly overloaded: Unavailable
  /** The failure when the scope is closing. */
  readonly stopped: Unavailable
  /** After a batch of at least `from` it rests so long; never if absent. */
  readonly rest?: { readonly from: number; readonly ms: number }
  /** Closing the scope answers what is in hand, for at most so long; 0 answers nothing more. */
  readonly drain_ms: number
}

/** Lives until the scope closes. A failure fails every caller in the batch; the next is tried anyway. */
export const makeBatcher = Effect.fnUntraced(function*<In, Out>(options: BatcherOptions<In, Out>) {
  const { at_once = 1, batch_max, drain_ms, overloaded, queue_max, rest, run, stopped } = options
  const queue = yield* Queue.dropping<Waiting<In, Out>, Cause.Done>(queue_max)

  const answerBatch = (batch: ReadonlyArray<Waiting<In, Out>>) =>
    run(batch.map(({ item }) => item)).pipe(
      Effect.map((answers) =>
        batch.forEach(({ answer }, index) => Deferred.doneUnsafe(answer, Effect.succeed(answers[index]!)))
      ),
      // Whatever happened, interruption included, no caller is left waiting; a defect goes to all of them.
      Effect.onError((cause) =>
        Effect.sync(() => {
          const failure = Cause.hasInterruptsOnly(cause) ? Effect.fail(stopped) : Effect.failCause(cause)
          for (const { answer } of batch) Deferred.doneUnsafe(answer, failure)
        })
      )
    )

  const resting = rest === undefined ? Effect.void : RealTime.onRealTime(Effect.sleep(rest.ms))
  const isBusy = (batch: ReadonlyArray<unknown>): boolean => rest !== undefined && batch.length >= rest.from

  const worker = Queue.takeBetween(queue, 1, batch_max).pipe(
    // The callers have the failure; the worker goes on with the next batch.
    Effect.flatMap((batch) => {
      const answered = Effect.exit(answerBatch(batch))
      return isBusy(batch) ? Effect.andThen(answered, resting) : answered
    }),
    Effect.forever,
    Effect.catchIf(Cause.isDone, () => Effect.void)
  )
  const workers = yield* Effect.forEach(Array.from({ length: at_once }), () => Effect.forkScoped(worker))
  // Runs before the worker is interrupted: what was taken in gets its answer.
  if (drain_ms > 0) {
    yield* Effect.addFinalizer(() =>
      Effect.andThen(Queue.end(queue), Effect.ignore(RealTime.timeout(Fiber.awaitAll(workers), drain_ms)))
    )
  }

  return (item: In): Effect.Effect<Out, Unavailable> =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<Out, Unavailable>()
      if (Queue.offerUnsafe(queue, { item, answer })) return Deferred.await(answer)
      return Effect.fail(queue.state._tag === "Open" ? overloaded : stopped)
    })
})
