// A journal whose next commit can be lost: before it is written, as when the process dies with the turn
// in memory, or after, as when the answer never arrives.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as JournalMemory from "../../testkit/memory/journal.memory.ts"
import { Journal, type TurnWrite } from "../../src/services/journal/journal.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"

export class JournalFaults extends Context.Service<JournalFaults, {
  /** Happens to the next turn that has this event, once. */
  next: { readonly lost: "before" | "after"; readonly event: string } | null
}>()("test/JournalFaults") {}

// A receipt has no number, so no event of it is stored.
const has = (turn: TurnWrite, tag: string): boolean =>
  (tag === "ReceiptMoved" && turn.session?.events.length === 0) ||
  turn.session?.events.some(({ event }) => event._tag === tag) === true ||
  turn.mitra?.events.some((event) => event._tag === tag) === true

const lost = new Unavailable({ what: "postgres", retryable: true })

const faults = Layer.sync(JournalFaults)(() => ({ next: null }))

export const layer = Layer.effect(Journal)(Effect.gen(function*() {
  const journal = yield* Journal
  const faults = yield* JournalFaults
  return Journal.of({
    ...journal,
    commit: (turn) =>
      Effect.suspend(() => {
        const fault = faults.next
        if (fault === null || !has(turn, fault.event)) return journal.commit(turn)
        faults.next = null
        const failed = Effect.fail(lost)
        return fault.lost === "before" ? failed : Effect.andThen(journal.commit(turn), failed)
      })
  })
})).pipe(Layer.provide(JournalMemory.layer), Layer.provideMerge(faults))
