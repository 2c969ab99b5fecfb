// Reads that many ask at the same time, about a person each or all about the same: phones that connect. An
// idle server reads at once; what arrives while two statements are under way shares the next one. What comes
// back is decoded by each caller, so that a row nobody can read is one caller's trouble.
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { isUuid } from "../../../domain/uuid.ts"
import { Unavailable } from "../../../services/platform/unavailable.ts"
import { makeBatcher } from "../batcher.ts"
import { answered } from "./failure.ts"

const queueMax = 16_384
const groupMax = 256
const statementsAtOnce = 2

const busy = new Unavailable({ what: "postgres", retryable: true })
const draining = new Unavailable({ what: "draining", retryable: true })

/** Whose answer a row is part of: the position of the ask in its group, from 0. */
export interface Positioned {
  readonly asked: number
}

/** A document of the asks for json_to_recordset, with their positions as column `asked`. */
const documentOf = (asks: ReadonlyArray<object>): string =>
  JSON.stringify(asks.map((ask, asked) => ({ asked, ...ask })))

/**
 * After a statement that several shared: phones come by the hundred, and a statement costs both processes
 * hardly more for thirty of them than for three.
 */
const whenBusy = { from: 2, ms: 1 }

const bounds = {
  queue_max: queueMax,
  batch_max: groupMax,
  at_once: statementsAtOnce,
  rest: whenBusy,
  overloaded: busy,
  stopped: draining,
  drain_ms: 0
}

/** `read` gives the rows of all asks, those of one in their order. Lives until the scope closes. */
export const makeGroupedRead = Effect.fnUntraced(function*<Ask extends { readonly id: string }>(
  read: (asks: string) => Effect.Effect<ReadonlyArray<unknown>, SqlError>
) {
  const inGroup = yield* makeBatcher<Ask, ReadonlyArray<Positioned>>({
    ...bounds,
    run: (asks) =>
      Effect.map(answered(read(documentOf(asks))), (rows) => {
        const answers: ReadonlyArray<Array<Positioned>> = asks.map(() => [])
        for (const row of rows as ReadonlyArray<Positioned>) answers[row.asked]?.push(row)
        return answers
      })
  })
  // One malformed id must not fail the statement of all.
  return (ask: Ask): Effect.Effect<ReadonlyArray<Positioned>, Unavailable> =>
    isUuid(ask.id) ? inGroup(ask) : Effect.succeed([])
})

/** One answer for all who asked before `read` began: never older than the ask. */
export const makeSharedRead = <A>(read: Effect.Effect<A, Unavailable>) =>
  Effect.map(
    makeBatcher<null, A>({
      ...bounds,
      run: (asks) => Effect.map(read, (answer) => asks.map(() => answer))
    }),
    (ask) => ask(null)
  )
