// One line per kind of failure and ten seconds, and a reference that leads callers to it.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { TestClock } from "effect/testing"
import {
  emptyFailureLog,
  FailureLog,
  referenceFor,
  reportFailure,
  reportPutOff
} from "../../../src/services/operations/failures.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"

const full = {
  kind: "postgres_full",
  sqlstate: "53100",
  statement: "execute mdextend",
  message: "could not extend file"
} as const

const recorded = (test: (lines: Array<string>) => Effect.Effect<void>) => {
  const lines: Array<string> = []
  const recorder = Logger.make(({ message }) => void lines.push(String(message)))
  return test(lines).pipe(
    Effect.provide(Layer.merge(Logger.layer([recorder]), Layer.sync(FailureLog, emptyFailureLog)))
  )
}

describe("a failure of what we depend on", () => {
  it.effect("is logged once in ten seconds, and every caller gets that line's reference", () =>
    recorded((lines) =>
      Effect.gen(function*() {
        const reference = yield* reportFailure(full)
        for (let again = 0; again < 50; again++) assert.strictEqual(yield* reportFailure(full), reference)
        assert.strictEqual(yield* referenceFor("postgres"), reference)
        assert.deepStrictEqual(lines, ["infrastructure failure: postgres_full"])
        yield* TestClock.adjust("10 seconds")
        assert.notStrictEqual(yield* reportFailure(full), reference)
        assert.lengthOf(lines, 2)
      })
    ))

  it.effect("is one line for all work that is put off until it is over", () =>
    recorded((lines) =>
      Effect.gen(function*() {
        const gone = new Unavailable({ what: "postgres", retryable: true })
        for (let push = 0; push < 40; push++) yield* reportPutOff("a push was not finished", gone)
        yield* reportPutOff("the timer starts again", gone)
        assert.deepStrictEqual(lines, [
          "a push was not finished: postgres is unavailable",
          "the timer starts again: postgres is unavailable"
        ])
      })
    ))

  it.effect("of another kind has a line of its own, and so has one that nobody explained", () =>
    recorded((lines) =>
      Effect.gen(function*() {
        yield* reportFailure(full)
        yield* reportFailure({ ...full, kind: "postgres_read_only" })
        yield* referenceFor("cluster")
        yield* referenceFor("cluster")
        assert.deepStrictEqual(lines, [
          "infrastructure failure: postgres_full",
          "infrastructure failure: postgres_read_only",
          `answered "try again": cluster is unavailable`
        ])
      })
    ))
})
