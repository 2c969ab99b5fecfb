// Effect's own RPC client against our protocol: our tools and the simulator speak through it, so what we
// drop and what we rewrite must still make sense to it.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { RpcClient, RpcSerialization } from "effect/rpc"
import * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import { listening, TestRpcs } from "./listening.ts"

const clientOf = Effect.fnUntraced(function*(url: string) {
  // Built into the test's scope: the socket must outlive this function.
  const protocol = yield* Layer.build(
    RpcClient.layerProtocolSocket().pipe(
      Layer.provide(Socket.layerWebSocket(url)),
      Layer.provide(Socket.layerWebSocketConstructorGlobal),
      Layer.provide(RpcSerialization.layerJson)
    )
  )
  return yield* Effect.provideContext(RpcClient.make(TestRpcs), protocol)
})

describe("Effect's RPC client", () => {
  it.live("calls, sees refusals as typed errors, reads streams and cancels", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const client = yield* clientOf(server.url)
      assert.deepStrictEqual(yield* client["test.echo"]({ text: "hi" }), { text: "hi" })
      const refusal = yield* Effect.flip(client["test.fail"]({}))
      assert.strictEqual(refusal._tag === "Refusal" ? refusal.code : refusal._tag, "SESSION_OVER")
      assert.strictEqual((yield* Effect.flip(client["test.die"]({ how: "error" })))._tag, "TryAgain")
      assert.deepStrictEqual(yield* Stream.runCollect(client["test.count"]({ to: 3 })), [1, 2, 3])
      const slow = yield* Effect.forkChild(client["test.slow"]({}))
      yield* client["test.who"]({})
      yield* Fiber.interrupt(slow)
      yield* server.logged("test.slow was interrupted")
      assert.isNull(yield* client["test.who"]({}))
    }))
})
