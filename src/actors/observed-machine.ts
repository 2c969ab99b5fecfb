// A machine whose committed turns are counted and timed. Publishing is the step right after the commit, so
// that is where it looks; the turn loop itself knows nothing of figures.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { count, observe } from "../services/operations/figures.ts"
import type { Machine, Turn } from "./machine.ts"

/** `note` is told each committed turn, in the context this was built in. */
export const observedMachine = <
  State,
  Command extends { readonly _tag: string },
  Facts,
  Event extends {
    readonly _tag: string
  },
  Outcome,
  Reply
>(
  machine: Machine<State, Command, Facts, Event, Outcome, Reply>,
  note: (context: Context.Context<never>, turn: Turn<State, Command, Facts, Event>) => void
): Effect.Effect<Machine<State, Command, Facts, Event, Outcome, Reply>> =>
  Effect.map(Effect.context<never>(), (context) => {
    const clock = Context.get(context, Clock.Clock)
    const label = [machine.kind]
    return {
      ...machine,
      publish: (turn) => {
        count("turns_total", label)
        observe("turn_ms", clock.currentTimeMillisUnsafe() - turn.at, label)
        note(context, turn)
        return machine.publish(turn)
      }
    }
  })
