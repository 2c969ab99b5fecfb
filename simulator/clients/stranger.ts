// A stranger: a connection beside the app's own, without a token, on which somebody tries what is refused or
// starts over. What is asked there is seen like any other call.
import * as Effect from "effect/Effect"
import type { RunContext } from "../simulation.ts"
import { type Answer, type CallFailure, PhoneConnection } from "./connection.ts"
import type { PhoneApp } from "./phone-app.ts"

/** Null for any failure. */
export type Ask = (tag: string, payload: object) => Effect.Effect<Answer | null>

export const stranger = (
  { watcher, world }: RunContext,
  app: PhoneApp,
  listener: "public" | "internal",
  deed: (ask: Ask) => Effect.Effect<unknown>
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const connection = new PhoneConnection({
      world,
      process: app.process,
      listener,
      peer: `stranger at ${app.name}`,
      onEvent: () => {},
      onOver: () => {},
      onFrame: (direction, frame) => watcher.onFrame?.(app, direction, frame),
      onRequest: (tag, payload) => watcher.onRequest?.(app, tag, payload)
    })
    yield* connection.open(null)
    const ask: Ask = (tag, payload) =>
      Effect.match(connection.call(tag, payload), {
        onFailure: (failure: CallFailure) => {
          watcher.onCall?.(app, tag, payload, failure)
          return null
        },
        onSuccess: (answer) => {
          watcher.onCall?.(app, tag, payload, answer)
          return answer
        }
      })
    yield* Effect.ensuring(deed(ask), Effect.sync(() => connection.hangUp()))
  }).pipe(Effect.ignore)
