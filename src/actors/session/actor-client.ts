// SessionActors: the actor on this runner, or over the cluster, which finds its runner by the shard.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeActorClient } from "../actor-client.ts"
import { ChatSession, type SessionCall, SessionActors } from "./protocol.ts"

export const layer = Layer.effect(SessionActors)(
  Effect.gen(function*() {
    const client = yield* ChatSession.client
    const run = yield* makeActorClient(
      ChatSession.type,
      (id: string, call: SessionCall) => client(id).Run(call)
    )
    return SessionActors.of({ run })
  })
)
