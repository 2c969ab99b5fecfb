// Commands to Valkey that arrive while one is on its way share the next; see batcher.ts.
import type * as Effect from "effect/Effect"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { type BatcherOptions, makeBatcher } from "../batcher.ts"
import { unavailable } from "./connection.ts"

/**
 * For what nobody waits for to the millisecond: a ping in a group of one costs the two processes 65 us of
 * CPU, of four 25, of sixteen 8 (docs/performance.md).
 */
export const whenBusy = { from: 2, ms: 1 }

/** `run` answers a group in its order. What is in hand when the scope closes fails: Postgres answers it. */
export const grouped = <In, Out>(options: {
  readonly queue_max: number
  readonly group_max: number
  readonly run: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, Unavailable>
  readonly rest?: NonNullable<BatcherOptions<In, Out>["rest"]>
}) =>
  makeBatcher<In, Out>({
    queue_max: options.queue_max,
    batch_max: options.group_max,
    run: options.run,
    ...(options.rest === undefined ? {} : { rest: options.rest }),
    overloaded: unavailable,
    stopped: unavailable,
    drain_ms: 0
  })
