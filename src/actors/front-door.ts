// Reaching an actor from anywhere: bounded waiting, retries while its owner moves, and one error for
// everything that is not a refusal. Volatile messages may run twice (effect.md, trap 2): command ids
// and the fencing epoch make that harmless.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { Refusal } from "../domain/refusal.ts"
import { resultWithin } from "../services/bounds.ts"
import { Unavailable } from "../services/unavailable.ts"
import * as RealTime from "../services/real-time.ts"
import { Residents } from "./residents.ts"

/** Longer than a tuned failover (3-4 s), shorter than a phone's patience. */
const patienceMs = 8_000
const retryEvery = Schedule.spaced("150 millis").pipe(Schedule.jittered)

const unavailable = (what: string) => new Unavailable({ what, retryable: true })

const settle = (cause: Cause.Cause<unknown>): Effect.Effect<never, Refusal | Unavailable> => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (failure instanceof Refusal || failure instanceof Unavailable) return Effect.fail(failure)
  if (Cause.hasDies(cause)) {
    return Effect.logError("an actor call died", cause).pipe(
      Effect.andThen(Effect.fail(unavailable("actor")))
    )
  }
  // Mailbox full, entity moving, or the far side interrupted because its runner is stopping.
  return Effect.fail(unavailable("cluster"))
}

const isMoving = (error: Refusal | Unavailable): boolean =>
  error._tag === "Unavailable" && (error.what === "actor" || error.what === "cluster")

const orUnavailable = Effect.flatMap(
  Option.match({
    onNone: () => Effect.fail(unavailable("cluster")),
    onSome: (value: any) => Effect.succeed(value)
  })
)

/**
 * The door to actors of one kind. A call waits at most `patience` for an actor that lives here and as long
 * again for one that moves; a failure leaves it unknown whether the command ran. Finding the owner is
 * infrastructure: it retries in real time. The owner's turn has the product's.
 */
export const makeFrontDoor = Effect.fnUntraced(function*<Call, Reply, E>(
  kind: string,
  throughCluster: (id: string, call: Call) => Effect.Effect<Reply, E>
) {
  const residents = yield* Residents
  // One for all calls: the actor's side copies its services (a hundred entries) for every context
  // it has not seen yet, and an actor has no business with its caller's anyway.
  const context = yield* RealTime.contextOnRealTime
  const clock = Context.get(context, Clock.Clock)

  const wherever = (id: string, call: Call): Effect.Effect<Reply, Refusal | Unavailable> =>
    RealTime.onRealTime(
      Effect.suspend(() => throughCluster(id, call)).pipe(
        Effect.setContext(context),
        // An interrupt from the far side is an outcome here and not our own end.
        Effect.exit,
        Effect.flatMap((exit) => exit._tag === "Success" ? Effect.succeed(exit.value) : settle(exit.cause)),
        Effect.retry({ schedule: retryEvery, while: isMoving }),
        RealTime.timeoutOption(patienceMs),
        orUnavailable
      )
    )

  return (id: string, call: Call): Effect.Effect<Reply, Refusal | Unavailable> =>
    Effect.suspend(() => {
      const turn = residents.begin(kind, id, call, context)
      if (turn === null) return wherever(id, call)
      return resultWithin(clock, patienceMs, turn).pipe(
        // It said that it is not the owner any more, or ended under the call: the cluster knows who is.
        Effect.catchCause((cause) =>
          Effect.catchIf(settle(cause), isMoving, () => Effect.asSome(wherever(id, call)))
        ),
        orUnavailable
      )
    })
})
