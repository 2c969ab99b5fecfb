// An actor's mailbox: one turn at a time, the others wait in order. How many wait and work is told to staff.
import * as Effect from "effect/Effect"
import type * as Semaphore from "effect/Semaphore"
import { add, observe } from "../services/operations/figures.ts"

export const makeMailbox = (one: Semaphore.Semaphore) => {
  let depth = 0
  const leave = Effect.sync(() => {
    depth -= 1
    add("mailbox_calls", -1)
  })
  return <A, E, R>(turn: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      depth += 1
      add("mailbox_calls", 1)
      observe("mailbox_depth", depth)
      return Effect.ensuring(one.withPermit(turn), leave)
    })
}
