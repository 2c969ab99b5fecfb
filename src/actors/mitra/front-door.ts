// MitraActors over the cluster: finds the owner's runner by the mitra's shard.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeFrontDoor } from "../front-door.ts"
import { Mitra, MitraActors } from "./protocol.ts"

export const layer = Layer.effect(MitraActors)(
  Effect.gen(function*() {
    const client = yield* Mitra.client
    const throughFrontDoor = yield* makeFrontDoor
    return MitraActors.of({ run: (mitraId, call) => throughFrontDoor(client(mitraId).Run(call)) })
  })
)
