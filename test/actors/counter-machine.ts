// A tiny actor for the turn loop's tests: it counts, refuses above ten, and has a deadline. The
// journal is programmable: each commit waits for the verdict the test gives.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Machine } from "../../src/actors/machine.ts"
import { refuse } from "../../src/domain/refusal.ts"
import { asSubscription } from "../../src/layers/bus/subscriptions.ts"
import { Bus, type BusMessage } from "../../src/services/bus/bus.ts"
import { Journal, type TurnWrite, type Verdict } from "../../src/services/journal/journal.ts"
import type { Unavailable } from "../../src/services/platform/unavailable.ts"

export interface Count {
  readonly value: number
  readonly due_at: number | null
}
export type CountCommand = { readonly _tag: "Add"; readonly n: number } | { readonly _tag: "Tick" } | {
  readonly _tag: "Explode"
}
export type CountEvent = { readonly _tag: "Added"; readonly n: number } | { readonly _tag: "Rang" }

export const makeRow = (due_at: number | null = null) => ({
  epoch: 0,
  state: { value: 0, due_at } as Count,
  claims: 0
})
export type Row = ReturnType<typeof makeRow>

export const counter = (row: Row): Machine<Count, CountCommand, number, CountEvent, number> => ({
  kind: "session",
  id: "counter-1",
  claim: Effect.sync(() => {
    row.epoch += 1
    row.claims += 1
    return { epoch: row.epoch, state: row.state }
  }),
  notFound: refuse("SESSION_NOT_FOUND", "no counter"),
  facts: (_state, _command, now) => Effect.succeed(now),
  decide: (state, command, now) => {
    const due: ReadonlyArray<CountEvent> = state.due_at !== null && state.due_at <= now
      ? [{ _tag: "Rang" }]
      : []
    if (command._tag === "Explode") throw new Error("boom")
    if (command._tag === "Tick") return { events: due, reply: Result.succeed(state.value) }
    if (state.value + command.n > 10) {
      return { events: due, reply: Result.fail(refuse("RATE_LIMITED", "too much")) }
    }
    return {
      events: [...due, { _tag: "Added", n: command.n }],
      reply: Result.succeed(state.value + command.n)
    }
  },
  evolve: (state, event) =>
    event._tag === "Rang" ? { ...state, due_at: null } : { ...state, value: state.value + event.n },
  deadlineOf: (state) => state.due_at,
  tick: { _tag: "Tick" },
  outcome: Schema.Int,
  replyTo: (_command, outcome) => outcome,
  write: () => Effect.succeed({ session: null, mitra: null, audit: [] }),
  keepsRecord: () => true,
  findPreviousReply: () => Effect.succeed(null),
  publish: (turn) =>
    turn.events.map(() => ({
      topic: "settings",
      event: { _tag: "SettingsChanged" }
    })),
  afterCommit: () => Effect.void,
  afterLoad: () => Effect.void
})

export interface Bench {
  /** Every turn that reached the journal, in order. */
  readonly turns: Array<TurnWrite>
  /** Verdicts to give, in order; "Committed" when empty. */
  readonly verdicts: Array<Effect.Effect<Verdict, Unavailable>>
  readonly stored: Map<string, number>
  readonly published: Array<BusMessage>
}

export const makeBench = (): Bench => ({ turns: [], verdicts: [], stored: new Map(), published: [] })

export const benchLayer = (bench: Bench) =>
  Layer.merge(
    Layer.succeed(Journal)(Journal.of({
      commit: (turn) =>
        Effect.suspend(() => {
          bench.turns.push(turn)
          return bench.verdicts.shift() ?? Effect.succeed({ _tag: "Committed" } as const)
        }),
      outcomeOf: (_actor, sender, command) =>
        Effect.sync(() => bench.stored.get(`${sender} ${command}`) ?? null)
    })),
    Layer.succeed(Bus)(Bus.of({
      publish: (messages) => Effect.sync(() => void bench.published.push(...messages)),
      subscribe: () => Effect.map(Queue.unbounded<BusMessage>(), asSubscription),
      state: Effect.succeed({ connected_since: 0, dropped: 0 })
    }))
  )
