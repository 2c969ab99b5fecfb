// One who speaks as runners do, and is none: a call to a mitra's actor over nothing but a TCP connection.
import { NodeSocket } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { EntityAddress, Runners, ShardId, Snowflake } from "effect/cluster"
import { Headers } from "effect/http"
import { RpcClient, RpcSerialization } from "effect/rpc"
import { Socket } from "effect/socket"
import { Mitra, MitraCall } from "../../src/actors/mitra/protocol.ts"
import type { ServerProcess } from "../support/server-process.ts"

export const portOf = (server: ServerProcess) => Number(server.runner.split(":")[1])

/** `codec`: of the version that is spoken to. */
export const asRunner = Effect.fnUntraced(
  function*(server: ServerProcess, mitraId: string, call: MitraCall, codec: typeof MitraCall = MitraCall) {
    const serialization = yield* RpcSerialization.RpcSerialization
    const socket = yield* NodeSocket.makeNet({ host: "127.0.0.1", port: portOf(server), noDelay: true })
    const protocol = yield* RpcClient.makeProtocolSocket().pipe(Effect.provideService(Socket.Socket, socket))
    const client = yield* Effect.provideService(Runners.makeRpcClient, RpcClient.Protocol, protocol)
    const payload = yield* Schema.encodeEffect(serialization.codecFor(codec))(call)
    const address = EntityAddress.make({
      shardId: ShardId.make("default", 1),
      entityType: Mitra.type,
      entityId: mitraId as never
    })
    const request = {
      _tag: "Request",
      requestId: Snowflake.Snowflake(1n),
      address,
      tag: "Run",
      payload,
      headers: Headers.empty
    }
    return yield* client.Effect({ request: request as never, persisted: false }).pipe(
      Effect.timeout("5 seconds")
    )
  },
  Effect.scoped,
  Effect.provide(RpcSerialization.layerSchemaBinary())
)
