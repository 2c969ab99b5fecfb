// MitraActors: the actor on this runner, or over the cluster, which finds its runner by the shard.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeActorClient } from "../actor-client.ts"
import { Mitra, MitraActors, type MitraCall } from "./protocol.ts"

export const layer = Layer.effect(MitraActors)(
  Effect.gen(function*() {
    const client = yield* Mitra.client
    const run = yield* makeActorClient(Mitra.type, (id: string, call: MitraCall) => client(id).Run(call))
    return MitraActors.of({ run })
  })
)
