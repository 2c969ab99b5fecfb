// What the turn loop needs to know of an actor's machine and its rows. Everything here is a
// translation; the loop itself (turn.ts) is written once.
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Decision } from "../domain/decision.ts"
import type { Refusal } from "../domain/refusal.ts"
import type { BusMessage } from "../services/bus/bus.ts"
import type { ActorKey, TurnWrite } from "../services/journal/journal.ts"
import type { Unavailable } from "../services/platform/unavailable.ts"
import type { Call } from "./turn-call.ts"

/** One finished decision on its way to the journal. */
export interface Turn<State, Command, Facts, Event> {
  readonly call: Call<Command>
  readonly at: number
  /** What the decision was based on. */
  readonly facts: Facts
  readonly before: State
  readonly after: State
  readonly events: ReadonlyArray<Event>
}

export interface Machine<
  State,
  Command extends { readonly _tag: string },
  Facts,
  Event extends { readonly _tag: string },
  Outcome,
  Reply = Outcome
> {
  readonly kind: ActorKey["kind"]
  readonly id: string
  /** Takes the next epoch and loads the state; null when there is no such row. */
  readonly claim: Effect.Effect<{ readonly epoch: number; readonly state: State } | null, Unavailable>
  readonly notFound: Refusal
  /** Whatever the decision needs from outside, read just before it. */
  readonly facts: (state: State, command: Command, now: number) => Effect.Effect<Facts, Unavailable>
  readonly decide: (state: State, command: Command, facts: Facts) => Decision<Event, Outcome>
  readonly evolve: (state: State, event: Event) => State
  readonly deadlineOf: (state: State) => number | null
  /** The command that lets passed time take effect; null for actors without deadlines. */
  readonly tick: Command | null
  /** Small, because it is stored beside the command id. */
  readonly outcome: Schema.Codec<Outcome, Schema.Json>
  /** The answer to a command with this outcome, given in this state: the first time, and to its repeats. */
  readonly replyTo: (command: Command, outcome: Outcome, state: State) => Reply
  /** The rows of this turn. */
  readonly write: (
    turn: Turn<State, Command, Facts, Event>
  ) => Effect.Effect<Pick<TurnWrite, "session" | "mitra" | "audit">>
  /** A command whose dedupe lies in its own row (a message) needs no command mark. */
  readonly keepsRecord: (command: Command) => boolean
  /** What such a row says of an earlier success of this command; null when there is none. */
  readonly findPreviousReply: (command: Command, state: State) => Effect.Effect<Outcome | null, Unavailable>
  /** Who is told, in order. */
  readonly publish: (turn: Turn<State, Command, Facts, Event>) => ReadonlyArray<BusMessage>
  /** Best-effort consequences after the commit; never delays the reply. Null when there are none. */
  readonly afterCommit: (turn: Turn<State, Command, Facts, Event>) => Effect.Effect<void> | null
  /** Best-effort consequences of finding the actor in this state at activation. */
  readonly afterLoad: (state: State) => Effect.Effect<void>
}
