// Reaching an actor from anywhere: bounded waiting, retries while its owner moves, and one error for
// everything that is not a refusal. Volatile messages may run twice (effect.md, trap 2): command ids
// and the fencing epoch make that harmless.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { Refusal } from "../domain/refusal.ts"
import { Unavailable } from "../services/unavailable.ts"
import * as RealTime from "../services/real-time.ts"

/** Longer than a tuned failover (3-4 s), shorter than a phone's patience. */
const patience = "8 seconds"
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

/**
 * Runs actor calls, each within `patience`; a failure leaves it unknown whether the command ran. Finding
 * the owner is infrastructure: it retries in real time. The owner's turn has the product's.
 */
export const makeFrontDoor = Effect.map(
  RealTime.contextOnRealTime,
  (context) => <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, Refusal | Unavailable> =>
    RealTime.onRealTime(
      call.pipe(
        // One for all calls: the actor's side copies its services (a hundred entries) for every context
        // it has not seen yet, and an actor has no business with its caller's anyway.
        Effect.setContext(context),
        // An interrupt from the far side is an outcome here and not our own end.
        Effect.exit,
        Effect.flatMap((exit) => exit._tag === "Success" ? Effect.succeed(exit.value) : settle(exit.cause)),
        Effect.retry({ schedule: retryEvery, while: isMoving }),
        RealTime.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(unavailable("cluster")) })
      )
    )
)
