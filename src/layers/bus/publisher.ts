// Sends this runner's messages to the others: one fiber, one command per batch, no fixed delay. Publishing
// never waits; what does not get through is replaced by one hint that makes the other runners resync. Not
// the Batcher: nobody waits for an answer here, and between batches the hint and the pause after a failure
// come first.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type { BusMessage } from "../../services/bus/bus.ts"
import type { BusLimits } from "./limits.ts"
import { encode, type Sender } from "./notification.ts"
import type { Send } from "./sender.ts"
import type { BusTimings } from "./timings.ts"
import * as RealTime from "../../services/platform/real-time.ts"

/** One line for the operator, the whole cause at debug level. */
export const logTrouble = (what: string, cause: Cause.Cause<unknown>) =>
  Effect.andThen(Effect.logWarning(`${what} (${String(Cause.squash(cause))})`), Effect.logDebug(cause))

/** A message, or null for a sign of life that carries none. */
type Outgoing = BusMessage | null

/** What a Resync makes good. A revocation has its second, and settings their minute: they always go out. */
const isReadAgain = ({ event }: BusMessage): boolean =>
  event._tag !== "Revoked" && event._tag !== "SettingsChanged"

export interface Publisher {
  readonly publish: (messages: ReadonlyArray<BusMessage>) => void
  /** Somebody may listen again: they are told to read what was not published while nobody did. */
  readonly rejoin: () => void
  /** A sign of life, over every link. */
  readonly probe: () => void
  /** Messages the other runners did not get. */
  readonly dropped: () => number
}

export interface Transports {
  readonly send: Send
  readonly sendEverywhere: Send
}

export const makePublisher = Effect.fnUntraced(
  function*(
    runner: string,
    transports: Transports,
    isAlone: () => boolean,
    timings: BusTimings,
    limits: BusLimits
  ) {
    const queue = yield* Queue.dropping<Outgoing, Cause.Done>(limits.queue_messages)
    let number = 0
    let dropped = 0
    // True while the others must be told that they missed something.
    let missed = false
    /** Something was not published, because nobody listened. */
    let unheard = false
    let retryAfter = timings.retry_after_ms
    const sender: Sender = { runner, nextNumber: () => ++number }

    const notify = (
      messages: ReadonlyArray<BusMessage>,
      flags: { readonly missed: boolean; readonly leaving: boolean },
      send: Send = transports.send
    ) => Effect.suspend(() => send(encode(sender, messages, flags)))

    const failed = Effect.fnUntraced(function*(cause: Cause.Cause<unknown>, lost: number) {
      dropped += lost
      const firstOfOutage = retryAfter === timings.retry_after_ms
      if (firstOfOutage) yield* logTrouble("bus: publishing failed, other runners will resync", cause)
      missed = true
      yield* Effect.sleep(retryAfter)
      retryAfter = Math.min(retryAfter * 2, timings.retry_after_max_ms)
    })

    const sendNext = Effect.gen(function*() {
      // A hint goes alone, so that a batch is only risked when a link has just worked.
      const hint = missed
      // Cleared before anything is waited for: an overflow from now on sets it again.
      missed = false
      const batch = hint ? [] : yield* Queue.takeBetween(queue, 1, limits.batch_messages)
      const messages = batch.filter((item) => item !== null)
      const send = messages.length < batch.length ? transports.sendEverywhere : transports.send
      const exit = yield* Effect.exit(notify(messages, { missed: hint, leaving: false }, send))
      if (Exit.isFailure(exit)) return yield* failed(exit.cause, messages.length)
      retryAfter = timings.retry_after_ms
    })

    const goodbye = Effect.ignore(notify([], { missed: false, leaving: true }, transports.sendEverywhere))
    // Before the first subscriber here: from now on the other runners make sure that this one hears them.
    yield* Effect.ignore(notify([], { missed: false, leaving: false }, transports.sendEverywhere))
    const fiber = yield* Effect.forever(sendNext).pipe(
      Effect.catchIf(Cause.isDone, () => goodbye),
      Effect.forkScoped
    )
    // Runs before the fiber is interrupted: the last events of turns in flight still go out.
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        Queue.end(queue),
        Effect.ignore(RealTime.timeout(Fiber.await(fiber), timings.drain_ms))
      )
    )

    const rejoin = (): void => {
      if (!unheard) return
      unheard = false
      missed = true
      // Wakes the fiber above; the hint follows.
      Queue.offerUnsafe(queue, null)
    }

    const publisher: Publisher = {
      rejoin,
      publish: (messages) => {
        const alone = isAlone()
        if (!alone) rejoin()
        for (const message of messages) {
          if (alone && isReadAgain(message)) {
            unheard = true
            continue
          }
          if (Queue.offerUnsafe(queue, message)) continue
          dropped += 1
          missed = true
        }
      },
      probe: () => {
        Queue.offerUnsafe(queue, null)
      },
      dropped: () => dropped
    }
    return publisher
  }
)
