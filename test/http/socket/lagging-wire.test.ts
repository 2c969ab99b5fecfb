// A lagging wire: late, in order, and never so patient that a phone that does not read goes unnoticed.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { laggingWire } from "../../../src/http/socket/lagging-wire.ts"

const given = Effect.gen(function*() {
  const said: Array<string> = []
  let lag_ms = 0
  const wire = laggingWire(
    {
      readyState: 1,
      bufferedAmount: 5,
      send: (frame) => void said.push(frame),
      ping: () => {},
      close: (code) => void said.push(`close ${code}`),
      terminate: () => void said.push("cut")
    },
    yield* Clock.Clock,
    () => lag_ms
  )
  return {
    wire,
    said,
    lag: (ms: number) => void (lag_ms = ms),
    send: (text: string) => wire.send(text, () => {})
  }
})

describe("a lagging wire", () => {
  it.live("says nothing late while there is no lag", () =>
    Effect.gen(function*() {
      const { said, send, wire } = yield* given
      send("a")
      wire.close(1000, "")
      assert.deepStrictEqual(said, ["a", "close 1000"])
    }))

  it.live("says everything late and in order, also when the lag ends in between", () =>
    Effect.gen(function*() {
      const { lag, said, send, wire } = yield* given
      lag(40)
      send("a")
      send("b")
      lag(0)
      send("c")
      wire.close(1012, "")
      assert.deepStrictEqual(said, [])
      assert.strictEqual(wire.bufferedAmount, 5 + 3)
      yield* Effect.sleep(80)
      assert.deepStrictEqual(said, ["a", "b", "c", "close 1012"])
      assert.strictEqual(wire.bufferedAmount, 5)
    }))

  it.live("is cut at once all the same", () =>
    Effect.gen(function*() {
      const { lag, said, wire } = yield* given
      lag(10_000)
      wire.terminate()
      assert.deepStrictEqual(said, ["cut"])
    }))
})
