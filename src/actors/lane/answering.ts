// The end of a lane that was dialled: calls go to the actors that live here, as a caller of this process
// would call them. What does not live here, what staff do, and what is more than one runner may ask at a
// time is the cluster's. Answers leave in the order in which the turns end.
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Cause from "effect/Cause"
import * as Queue from "effect/Queue"
import type { Socket } from "effect/socket"
import type { LocalActors } from "../local-actors.ts"
import { isStaffCall } from "../staff-authority.ts"
import { codecs, failure } from "./codecs.ts"
import { runEnd } from "./end.ts"
import { type Answered, endings, greeting, type makeLineReader } from "./frames.ts"

/** Turns of one lane, waiting and working together. */
const inFlightMax = 4_096

export interface Serving {
  readonly dispatch: LocalActors["Service"]["dispatch"]
  /** One for all turns: a context that is made anew is a copy of a hundred entries. */
  readonly context: Context.Context<never>
}

const elsewhere = (n: number): Answered => [n, endings.elsewhere]

/** Of whoever waited; an actor that moves or died under the call is looked for by the cluster. */
const answerOf = (n: number, kind: string, exit: Exit.Exit<unknown, unknown>): Answered => {
  if (Exit.isSuccess(exit)) {
    const encoded = codecs.get(kind)?.reply.encode(exit.value) ?? null
    return encoded === null ? elsewhere(n) : [n, endings.success, encoded.json]
  }
  const error = exit.cause.reasons.find(Cause.isFailReason)?.error
  const encoded = error === undefined ? null : failure.encode(error as never)
  return encoded === null ? elsewhere(n) : [n, endings.failure, encoded.json]
}

export const answer = Effect.fnUntraced(function*(
  serving: () => Serving | null,
  reader: Pick<Socket.Reader, "pull">,
  writer: Socket.Writer,
  lines: ReturnType<typeof makeLineReader>
) {
  // Unbounded, but nothing is read while too much of it is unsent (end.ts).
  const outbox = yield* Queue.unbounded<Answered>()
  const running = new Map<number, Fiber.Fiber<unknown, unknown>>()

  const begin = (
    kind: string,
    id: string,
    json: unknown
  ): Fiber.Fiber<unknown, unknown> | null => {
    const here = serving()
    const decoded = codecs.get(kind)?.call.decode(json) ?? null
    if (here === null || decoded === null || running.size >= inFlightMax) return null
    // Who they are is proven to the actor on the cluster's way.
    return isStaffCall(decoded.value) ? null : here.dispatch(kind, id, decoded.value, here.context)
  }
  const take = (batch: ReadonlyArray<ReadonlyArray<unknown>>): void => {
    for (const [n, kind, id, json] of batch) {
      if (typeof n !== "number") continue
      if (typeof kind !== "string" || typeof id !== "string") {
        running.get(n)?.interruptUnsafe()
        continue
      }
      const turn = begin(kind, id, json)
      if (turn === null) {
        Queue.offerUnsafe(outbox, elsewhere(n))
        continue
      }
      running.set(n, turn)
      turn.addObserver((exit) => {
        running.delete(n)
        Queue.offerUnsafe(outbox, answerOf(n, kind, exit))
      })
    }
  }
  // Nobody waits for them any more; a turn that has begun goes on.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const turn of running.values()) turn.interruptUnsafe()
    })
  )
  yield* writer.write(greeting)
  yield* runEnd({ reader, writer, lines, outbox, take, isWanted: null })
})
