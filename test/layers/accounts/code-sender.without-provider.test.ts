// The code sender without a provider: in development the developer finds the code in the log, in the words
// the docs promise; in production it says no and keeps the code to itself. Which server gets which is in
// test/system/accounts.integration.test.ts.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { layerLog, layerNone } from "../../../src/layers/accounts/code-sender.without-provider.ts"
import { CodeSender } from "../../../src/services/accounts/code-sender.ts"

/** A log to read, and the sending of one code into it. */
const sendingWith = (sender: Layer.Layer<CodeSender>) => {
  const lines: Array<string> = []
  const log = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
  const send = Effect.flatMap(CodeSender, (port) => port.send("+628110000001", "012345")).pipe(
    Effect.provide(Layer.merge(sender, log))
  )
  return { lines, send }
}

describe("a code without a provider", () => {
  it.effect("writes phone and code to the log in development", () =>
    Effect.gen(function*() {
      const { lines, send } = sendingWith(layerLog)
      yield* send
      assert.deepStrictEqual(lines, ["OTP for +628110000001: 012345"])
    }))

  it.effect("is not taken in production, for good, and not logged", () =>
    Effect.gen(function*() {
      const { lines, send } = sendingWith(layerNone)
      assert.deepInclude(yield* Effect.flip(send), { _tag: "Unavailable", retryable: false })
      assert.deepStrictEqual(lines, [])
    }))
})
