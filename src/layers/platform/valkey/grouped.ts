// Commands to Valkey that arrive while one is on its way share the next; see batcher.ts.
import type * as Effect from "effect/Effect"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { makeBatcher } from "../batcher.ts"
import { unavailable } from "./connection.ts"

/** `run` answers a group in its order. What is in hand when the scope closes fails: Postgres answers it. */
export const grouped = <In, Out>(options: {
  readonly queue_max: number
  readonly group_max: number
  readonly run: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, Unavailable>
}) =>
  makeBatcher<In, Out>({
    queue_max: options.queue_max,
    batch_max: options.group_max,
    run: options.run,
    overloaded: unavailable,
    stopped: unavailable,
    drain_ms: 0
  })
