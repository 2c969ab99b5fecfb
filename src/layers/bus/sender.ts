// Sends payloads over the first link that reaches every runner. One that failed is left alone for a
// moment, so that a dead Valkey costs one time-out and not one per batch; one that reached too few is
// helped by the next. Receivers drop what they get twice.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Link } from "./link.ts"
import { logTrouble } from "./publisher.ts"
import type { BusTimings } from "./timings.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export interface Sending {
  readonly link: Link
  /** How many should have heard it, this runner included if it listens. */
  readonly expected: () => number
}

export type Send = (payloads: ReadonlyArray<string>) => Effect.Effect<void, unknown>

interface Transport extends Sending {
  readonly isLast: boolean
  paused_until: number
  was_failing: boolean
}

const stillToTell = "not every runner hears this link"

export const makeSender = (links: ReadonlyArray<Sending>, timings: BusTimings) => {
  const transports = links.map((sending, index): Transport => ({
    ...sending,
    isLast: index === links.length - 1,
    paused_until: 0,
    was_failing: false
  }))

  /** True when every runner has it. Only the last transport's failure is one. */
  const sendOver = (
    transport: Transport,
    payloads: ReadonlyArray<string>
  ): Effect.Effect<boolean, unknown> => {
    const sent = Effect.map(
      RealTime.timeout(transport.link.send(payloads), timings.answer_within_ms),
      (reached) => {
        transport.was_failing = false
        transport.paused_until = 0
        return reached === null || reached >= transport.expected()
      }
    )
    return transport.isLast ? sent : Effect.catchCause(sent, (cause) =>
      Effect.gen(function*() {
        transport.paused_until = (yield* Clock.currentTimeMillis) + timings.rest_ms
        if (!transport.was_failing) {
          yield* logTrouble(`bus: ${transport.link.name} failed, going around it`, cause)
        }
        transport.was_failing = true
        return false
      }))
  }

  /** Over the transports in order of preference, until every runner has it. */
  const send: Send = Effect.fnUntraced(function*(payloads) {
    for (const transport of transports) {
      const isPaused = !transport.isLast && (yield* Clock.currentTimeMillis) < transport.paused_until
      if (!isPaused && (yield* sendOver(transport, payloads))) return
    }
    return yield* Effect.fail(new Error(stillToTell))
  })

  /** Over every transport: with a sign of life in it, which the listeners of each link wait for. */
  const sendEverywhere: Send = Effect.fnUntraced(function*(payloads) {
    const reached = yield* Effect.forEach(transports, (transport) => sendOver(transport, payloads))
    if (!reached.includes(true)) return yield* Effect.fail(new Error(stillToTell))
  })

  return { send, sendEverywhere }
}
