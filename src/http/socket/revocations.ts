// Closes the sockets of a revoked sign-in at once, wherever the revocation happened. One bus subscription
// per person with an open socket here; what the bus may have lost is asked of the sign-ins themselves.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as RcMap from "effect/RcMap"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { closeCodes } from "../../contract/close-codes.ts"
import { SignIns, type UserType } from "../../services/accounts/sign-ins.ts"
import { Bus, type BusEvent, type Subscription, type Topic } from "../../services/bus/bus.ts"
import { Presence } from "../../services/availability/presence.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { Connections, type Person } from "./connections.ts"
import { Limits, WireClock } from "./limits.ts"
import * as RealTime from "../../services/platform/real-time.ts"

/** After an interruption of the bus every signed-in person is asked about: not all at the same time. */
const checksAtOnce = 8
const recheckEvery = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(
  Schedule.jittered
)

export class Revocations extends Context.Service<Revocations, {
  /** Returns once the person's topic is subscribed; watches until the scope closes. */
  readonly watch: (person: Person) => Effect.Effect<void, never, Scope.Scope>
  /** Closes this person's sockets whose sign-in is no longer live. Repeats until it could find out. */
  readonly recheck: (person: Person) => Effect.Effect<void>
}>()("halobestie/http/Revocations") {}

const personOf = (topic: Topic): Person => {
  const colon = topic.indexOf(":")
  return { user_type: topic.slice(0, colon) as UserType, user_id: topic.slice(colon + 1) }
}

/** Somebody with an open socket here. */
interface Followed {
  readonly topic: Topic
  readonly person: Person
  readonly messages: Subscription
}

const takenFrom = (messages: Subscription): ReadonlyArray<BusEvent> => {
  const events: Array<BusEvent> = []
  for (let next = Queue.takeUnsafe(messages); next?._tag === "Success"; next = Queue.takeUnsafe(messages)) {
    events.push(next.value.event)
  }
  return events
}

const makeRevocations = Effect.gen(function*() {
  const bus = yield* Bus
  const signIns = yield* SignIns
  const presence = yield* Presence
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

  const handle = (person: Person, event: BusEvent, recheckInBackground: Effect.Effect<unknown>) => {
    if (event._tag === "Revoked") {
      return connections.closePerson(person, event.auth_session_id, closeCodes.revoked)
    }
    return event._tag === "Resync" ? recheckInBackground : Effect.void
  }

  // One fiber for everybody: most people are never told anything here, and a fiber each is memory each.
  const arrived = yield* Queue.unbounded<Followed>()
  const rechecks = yield* FiberMap.make<Topic>()
  const handleAll = ({ messages, person, topic }: Followed) =>
    Effect.forEach(
      takenFrom(messages),
      // In the background, so that a revocation is never queued behind a database that does not answer.
      (event) => handle(person, event, FiberMap.run(rechecks, topic, recheck(person))),
      { discard: true }
    )
  const next = Effect.flatMap(
    Queue.take(arrived),
    (followed) =>
      Effect.catchCause(
        handleAll(followed),
        (cause) => Effect.logError("handling a revocation failed", cause)
      )
  )
  yield* Effect.forkScoped(Effect.forever(next))

  const follow = Effect.fnUntraced(function*(topic: Topic) {
    const person = personOf(topic)
    yield* Effect.addFinalizer(() => FiberMap.remove(rechecks, topic))
    // Most of what is said to a person is for their phone.
    const messages = yield* bus.subscribe([topic], "Revoked")
    const followed: Followed = { messages, person, topic }
    // Unbounded, but it holds a person once for each of their messages, which are bounded.
    messages.onArrival = () => void Queue.offerUnsafe(arrived, followed)
    if (Queue.sizeUnsafe(messages) > 0) Queue.offerUnsafe(arrived, followed)
    // Lasts as long as any socket of this person on this listener.
    yield* presence.register(person)
  })

  // A socket that is open and not heard is no presence: what is worth a push is pushed.
  const followSilence = Effect.flatMap(
    Queue.take(connections.silences),
    ({ is_silent, person }) => presence.setSilent(person, is_silent)
  )
  yield* Effect.forkScoped(Effect.forever(followSilence))

  const followed = yield* RcMap.make({ lookup: follow })
  return Revocations.of({
    watch: (person) => RcMap.get(followed, `${person.user_type}:${person.user_id}` as Topic),
    recheck
  })
})

export const layer: Layer.Layer<
  Revocations,
  never,
  Bus | SignIns | Connections | Presence
> = Layer.effect(
  Revocations,
  makeRevocations
)
