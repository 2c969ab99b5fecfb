// The actors that live on this runner. A caller on the same runner calls an actor directly: the cluster
// decides who owns an actor and starts it, but need not carry every message (an envelope, a second RPC
// server, a reply) from one end of a process to the other. The epoch keeps this safe, as it does every
// turn: an owner that was replaced has an old one, and writes nothing.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { Refusal } from "../domain/refusal.ts"
import type { Unavailable } from "../services/platform/unavailable.ts"
import { ActorLimitsInForce } from "./actor-limits.ts"

type Turn<Reply> = Effect.Effect<Reply, Refusal | Unavailable>
type Run<Call, Reply> = (call: Call) => Turn<Reply>

interface LocalActor {
  readonly run: Run<any, any>
  readonly scope: Scope.Scope
  /** From then on the next call takes the way through the cluster. */
  local_until: number
  in_flight: number
}

/** In the actor's scope: the turn ends with the actor, and its caller hears of that at once. */
const callDirectly = (localActor: LocalActor, turn: Turn<any>, context: Context.Context<never>) => {
  localActor.in_flight += 1
  const working = Effect.runForkWith(context)(turn)
  working.addObserver(() => {
    localActor.in_flight -= 1
  })
  return Fiber.runIn(working, localActor.scope)
}

export class LocalActors extends Context.Service<LocalActors, {
  /** Registers an actor until its scope closes. The result serves the calls that the cluster brings. */
  readonly register: <Call, Reply>(
    kind: string,
    id: string,
    run: Run<Call, Reply>
  ) => Effect.Effect<Run<Call, Reply>, never, Scope.Scope>
  /** The turn, begun, when the actor lives here and has room; null: the cluster must carry the call. */
  readonly dispatch: <Call>(
    kind: string,
    id: string,
    call: Call,
    context: Context.Context<never>
  ) => Fiber.Fiber<any, Refusal | Unavailable> | null
}>()("halobestie/actors/LocalActors") {}

export const layer = Layer.effect(LocalActors)(
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const { mailbox_calls, through_cluster_every_ms } = yield* ActorLimitsInForce
    const localActors = new Map<string, LocalActor>()
    const keyOf = (kind: string, id: string) => `${kind}/${id}`
    const now = () => clock.currentTimeMillisUnsafe()
    return LocalActors.of({
      register: Effect.fnUntraced(function*(kind, id, run) {
        const key = keyOf(kind, id)
        const localActor: LocalActor = { run, scope: yield* Effect.scope, local_until: 0, in_flight: 0 }
        localActors.set(key, localActor)
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            // Unless its successor on this runner has moved in already.
            if (localActors.get(key) === localActor) localActors.delete(key)
          })
        )
        return (call) => {
          localActor.local_until = now() + through_cluster_every_ms
          return run(call)
        }
      }),
      dispatch: (kind, id, call, context) => {
        const localActor = localActors.get(keyOf(kind, id))
        if (localActor === undefined || now() >= localActor.local_until) return null
        // The cluster has a mailbox of its own, and says no when that is full.
        if (localActor.in_flight >= mailbox_calls) return null
        return callDirectly(localActor, localActor.run(call), context)
      }
    })
  })
)
