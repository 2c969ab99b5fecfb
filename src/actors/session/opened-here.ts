// Requests that were opened on this runner and whose actor is to live here: opened as its own, and handed
// over as they were written, so that it need not claim and read what nobody has touched. Its epoch keeps that
// safe: where another runner has taken the session meanwhile, the first turn writes nothing.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type EntityId, Sharding } from "effect/cluster"
import type { SessionState } from "../../domain/session/state.ts"
import { RunnerRegistry } from "../../services/platform/runner-registry.ts"
import { firstEpoch } from "../../services/sessions/sessions.ts"
import { ChatSession } from "./protocol.ts"

interface HandOvers {
  /** Who is to own a session with this id: this runner, or null where its actor would live elsewhere. */
  readonly ownerOf: (sessionId: string) => string | null
  /** Until `waking` ends, the actor that starts takes this state. */
  readonly handOver: <A, E, R>(state: SessionState, waking: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** At most once for each hand-over: whoever comes later must claim. */
  readonly take: (sessionId: string) => { readonly epoch: number; readonly state: SessionState } | null
}

/** Without a cluster of several runners behind it nothing is handed over. */
export const OpenedHere = Context.Reference<HandOvers>("halobestie/actors/OpenedHere", {
  defaultValue: () => ({ ownerOf: () => null, handOver: (_, waking) => waking, take: () => null })
})

export const layer = Layer.effect(OpenedHere)(
  Effect.gen(function*() {
    const sharding = yield* Sharding.Sharding
    const { own_address } = yield* RunnerRegistry
    const opened = new Map<string, SessionState>()
    return {
      ownerOf: (sessionId) => {
        const id = sessionId as EntityId.EntityId
        const shard = sharding.getShardId(id, ChatSession.getShardGroup(id))
        return sharding.hasShardId(shard) ? own_address : null
      },
      handOver: (state, waking) =>
        Effect.suspend(() => {
          opened.set(state.id, state)
          return Effect.ensuring(waking, Effect.sync(() => opened.delete(state.id)))
        }),
      take: (sessionId) => {
        const state = opened.get(sessionId)
        opened.delete(sessionId)
        return state === undefined ? null : { epoch: firstEpoch, state }
      }
    }
  })
)
