// The development code sender: the developer finds the code in the log, in the words the docs promise.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { layer } from "../../../src/layers/accounts/code-sender.log.ts"
import { CodeSender } from "../../../src/services/accounts/code-sender.ts"

describe("the code sender of development", () => {
  it.effect("writes phone and code to the log", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => {
        lines.push(String(message))
      })
      const sender = yield* CodeSender
      yield* Effect.provide(sender.send("+628110000001", "012345"), Logger.layer([logger]))
      assert.deepStrictEqual(lines, ["OTP for +628110000001: 012345"])
    }).pipe(Effect.provide(layer)))
})
