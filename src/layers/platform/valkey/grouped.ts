// Grouping: what arrives while a call is on its way shares the next one. An idle group goes at once; there
// is no fixed delay. Bounded: when the queue is full the caller is told so.
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { unavailable } from "./connection.ts"

interface Waiting<In, Out> {
  readonly item: In
  readonly answer: Deferred.Deferred<Out, Unavailable>
}

/** `run` answers a group in its order. Lives until the scope closes. */
export const grouped = Effect.fnUntraced(function*<In, Out>(options: {
  readonly queue_max: number
  readonly group_max: number
  readonly run: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, Unavailable>
}) {
  const queue = yield* Queue.dropping<Waiting<In, Out>>(options.queue_max)

  const answerGroup = (group: ReadonlyArray<Waiting<In, Out>>) =>
    options.run(group.map(({ item }) => item)).pipe(
      Effect.map((answers) =>
        group.forEach(({ answer }, index) => Deferred.doneUnsafe(answer, Effect.succeed(answers[index]!)))
      ),
      Effect.onError((cause) =>
        Effect.sync(() => {
          const failure = Cause.hasInterruptsOnly(cause) ? Effect.fail(unavailable) : Effect.failCause(cause)
          for (const { answer } of group) Deferred.doneUnsafe(answer, failure)
        })
      )
    )

  yield* Queue.takeBetween(queue, 1, options.group_max).pipe(
    Effect.flatMap((group) => Effect.exit(answerGroup(group))),
    Effect.forever,
    Effect.forkScoped
  )

  return (item: In): Effect.Effect<Out, Unavailable> =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<Out, Unavailable>()
      return Queue.offerUnsafe(queue, { item, answer }) ? Deferred.await(answer) : Effect.fail(unavailable)
    })
})
