// SessionActors over the cluster: finds the owner's runner by the session's shard.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeFrontDoor } from "../front-door.ts"
import { ChatSession, SessionActors } from "./protocol.ts"

export const layer = Layer.effect(SessionActors)(
  Effect.gen(function*() {
    const client = yield* ChatSession.client
    const throughFrontDoor = yield* makeFrontDoor
    return SessionActors.of({ run: (sessionId, call) => throughFrontDoor(client(sessionId).Run(call)) })
  })
)
