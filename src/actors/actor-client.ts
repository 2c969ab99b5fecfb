// Reaching an actor from anywhere: bounded waiting, retries while its owner moves, and one error for
// everything that is not a refusal. A volatile message may run twice, because the cluster sends it
// again when the runner it went to has died: command ids and the fencing epoch make that harmless.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { Refusal } from "../domain/refusal.ts"
import { Unavailable } from "../services/platform/unavailable.ts"
import { spanned, traceparentOf } from "../services/operations/spans.ts"
import * as RealTime from "../services/platform/real-time.ts"
import { Lanes } from "./lane/lanes.ts"
import { LocalActors } from "./local-actors.ts"

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

/**
 * The door to actors of one kind: on this runner directly, on another one by its lane, else through the
 * cluster. A call waits at most `patience` for an actor that lives here and as long again for one that moves;
 * a failure leaves it unknown whether the command ran. Finding the owner is infrastructure: it retries in
 * real time. The owner's turn has the product's.
 */
export const makeActorClient = Effect.fnUntraced(function*<Call, Reply, E>(
  kind: string,
  throughCluster: (id: string, call: Call) => Effect.Effect<Reply, E>
) {
  const localActors = yield* LocalActors
  const lanes = yield* Lanes
  // One for all calls: the actor's side copies its services (a hundred entries) for every context
  // it has not seen yet, and an actor has no business with its caller's anyway.
  const context = yield* RealTime.contextOnRealTime

  const wherever = (id: string, call: Call): Effect.Effect<Reply, Refusal | Unavailable> =>
    RealTime.onRealTime(
      Effect.suspend(() => throughCluster(id, call)).pipe(
        Effect.setContext(context),
        // An interrupt from the far side is an outcome here and not our own end.
        Effect.exit,
        Effect.flatMap((exit) => exit._tag === "Success" ? Effect.succeed(exit.value) : settle(exit.cause)),
        Effect.retry({ schedule: retryEvery, while: isMoving }),
        RealTime.timeoutOrElse({ duration: patienceMs, orElse: () => Effect.fail(unavailable("cluster")) })
      )
    )

  const ended = (exit: Exit.Exit<Reply, Refusal | Unavailable>, id: string, call: Call) =>
    Exit.isSuccess(exit)
      ? exit
      // The actor lost its ownership, or ended under the call: the cluster knows the new owner.
      : Effect.catchIf(settle(exit.cause), isMoving, () => wherever(id, call))

  const onAnotherRunner = (id: string, call: Call) => {
    const carried = lanes?.carry(kind, id, call, patienceMs) ?? null
    if (carried === null) return wherever(id, call)
    return Effect.flatMap(carried, (exit) => exit === null ? wherever(id, call) : ended(exit, id, call))
  }

  const leave = (turn: Fiber.Fiber<Reply, Refusal | Unavailable>) => Effect.sync(() => turn.interruptUnsafe())

  return (id: string, called: Call): Effect.Effect<Reply, Refusal | Unavailable> =>
    spanned("actor", { kind, id })(Effect.withFiber((fiber) => {
      const trace = traceparentOf(fiber)
      const call = trace === undefined ? called : { ...called, trace }
      const turn = localActors.dispatch(kind, id, call, context)
      if (turn === null) return onAnotherRunner(id, call)
      return RealTime.awaitFor(turn, patienceMs).pipe(
        // Its caller no longer waits: the turn is told to end and left to itself.
        Effect.onInterrupt(() => leave(turn)),
        Effect.flatMap((exit) => {
          if (exit === null) return Effect.andThen(leave(turn), Effect.fail(unavailable("cluster")))
          return ended(exit, id, call)
        })
      )
    }))
})
