// The code sender of a production server without a provider: it says no, and keeps the code to itself.
// Which server gets it is in test/system/accounts.integration.test.ts.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { layer } from "../../../src/layers/accounts/code-sender.none.ts"
import { CodeSender } from "../../../src/services/accounts/code-sender.ts"

describe("no code sender", () => {
  it.effect("takes no code, says so for good, and logs nothing", () =>
    Effect.gen(function*() {
      const lines: Array<unknown> = []
      const kept = Logger.layer([Logger.make(({ message }) => void lines.push(message))])
      const sending = Effect.flatMap(CodeSender, (sender) => sender.send("+6281300000001", "424242"))
      const error = yield* Effect.flip(Effect.provide(sending, Layer.merge(layer, kept)))
      assert.deepInclude(error, { _tag: "Unavailable", retryable: false })
      assert.deepStrictEqual(lines, [])
    }))
})
