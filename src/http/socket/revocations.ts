// Closes the sockets of a revoked sign-in at once, wherever the revocation happened. One subscription hears
// of all revocations, so that no phone costs one; what the bus may have lost is asked of the sign-ins.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import { closeCodes } from "../../contract/close-codes.ts"
import { SignIns, type UserType } from "../../services/accounts/sign-ins.ts"
import { Bus, type BusMessage, type Topic } from "../../services/bus/bus.ts"
import { Presence } from "../../services/availability/presence.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { Connections } from "./connections.ts"
import type { Person } from "./directory.ts"
import { Limits, WireClock } from "./limits.ts"
import * as RealTime from "../../services/platform/real-time.ts"

/** After an interruption of the bus every signed-in person is asked about: not all at the same time. */
const checksAtOnce = 8
const recheckEvery = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(
  Schedule.jittered
)

export class Revocations extends Context.Service<Revocations, {
  /**
   * A number that moves when a sign-in may have ended. If it is the same before a token is checked and when
   * its connection is signed in, no revocation got in between: from then on one that is heard closes it.
   */
  readonly heard: () => number
  /** Closes this person's sockets whose sign-in is no longer live. Repeats until it could find out. */
  readonly recheck: (person: Person) => Effect.Effect<void>
}>()("halobestie/http/Revocations") {}

const personOf = (topic: Topic): Person => {
  const colon = topic.indexOf(":")
  return { user_type: topic.slice(0, colon) as UserType, user_id: topic.slice(colon + 1) }
}

const makeRechecks = Effect.gen(function*() {
  const signIns = yield* SignIns
  const connections = yield* Connections
  const limits = yield* Limits
  const wireClock = yield* WireClock
  const turns = yield* Semaphore.make(checksAtOnce)

  const unanswered = new Unavailable({ what: "sign-ins", retryable: true })
  const recheckOne = (person: Person, authSessionId: string) =>
    signIns.isLive(authSessionId).pipe(
      RealTime.timeoutOrElse({
        duration: limits.authenticate_max_ms,
        orElse: () => Effect.fail(unanswered)
      }),
      turns.withPermit,
      Effect.flatMap((isLive) =>
        isLive ? Effect.void : connections.closePerson(person, authSessionId, closeCodes.revoked)
      )
    )

  const recheck = (person: Person) =>
    Effect.flatMap(
      connections.signInsOf(person),
      (ids) => Effect.forEach(ids, (id) => recheckOne(person, id), { discard: true })
    ).pipe(
      // Until Postgres answers, no socket is closed: a sign-in that was good is most likely still good.
      Effect.retry(recheckEvery),
      Effect.catchCause((cause) => Effect.logError("could not recheck a sign-in", cause)),
      Effect.provideService(Clock.Clock, wireClock)
    )

  const recheckEverybody = Effect.flatMap(
    connections.people,
    (people) => Effect.forEach(people, recheck, { concurrency: "unbounded", discard: true })
  )
  return { recheck, recheckEverybody }
})

const makeRevocations = Effect.gen(function*() {
  const bus = yield* Bus
  const presence = yield* Presence
  const connections = yield* Connections
  const { recheck, recheckEverybody } = yield* makeRechecks
  let heard = 0

  const messages = yield* bus.subscribe("all", "Revoked")
  const rechecks = yield* FiberHandle.make()
  const handle = ({ event, topic }: BusMessage) => {
    heard += 1
    if (event._tag === "Revoked") {
      return connections.closePerson(personOf(topic), event.auth_session_id, closeCodes.revoked)
    }
    // In the background, so that a revocation is never queued behind a database that does not answer.
    return event._tag === "Resync" ? FiberHandle.run(rechecks, recheckEverybody) : Effect.void
  }
  const next = Effect.flatMap(
    Queue.take(messages),
    (message) =>
      Effect.catchCause(
        Effect.suspend((): Effect.Effect<unknown> => handle(message)),
        (cause) => Effect.logError("handling a revocation failed", cause)
      )
  )
  yield* Effect.forkScoped(Effect.forever(next))

  // A socket that is open and not heard is no presence: what is worth a push is pushed.
  const followSilence = Effect.flatMap(
    Queue.take(connections.silences),
    ({ is_silent, person }) => presence.setSilent(person, is_silent)
  )
  yield* Effect.forkScoped(Effect.forever(followSilence))

  return Revocations.of({ heard: () => heard, recheck })
})

export const layer: Layer.Layer<
  Revocations,
  never,
  Bus | SignIns | Connections | Presence
> = Layer.effect(
  Revocations,
  makeRevocations
)
