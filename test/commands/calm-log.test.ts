// The log of a cluster whose Postgres is away: one line where three hundred shards said the same.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { TestClock } from "effect/testing"
import { calm, toldEveryMs } from "../../src/commands/calm-log.ts"

const logged = (body: Effect.Effect<unknown>) =>
  Effect.gen(function*() {
    const lines: Array<readonly [level: string, message: unknown]> = []
    const keep = Logger.make<unknown, void>(({ logLevel, message }) => void lines.push([logLevel, message]))
    yield* Effect.provide(body, Logger.layer([calm(keep)]))
    return lines
  })

const release = Effect.logWarning("Could not release shards, retrying")

describe("the log of an outage", () => {
  it.effect("tells once what is said of every shard, and how often it was said when it tells it again", () =>
    Effect.gen(function*() {
      const lines = yield* logged(Effect.gen(function*() {
        yield* Effect.repeat(release, { times: 4_463 })
        yield* TestClock.adjust(toldEveryMs)
        yield* release
      }))
      assert.deepStrictEqual(lines, [
        ["Warn", ["Could not release shards, retrying"]],
        ["Warn", ["Could not release shards, retrying", { repeated_since_the_last_one: 4_463 }]]
      ])
    }))

  it.effect("has no error for what happens to a server, and keeps every other one", () =>
    Effect.gen(function*() {
      const lines = yield* logged(Effect.gen(function*() {
        yield* Effect.logError("Shard lock storage is unhealthy")
        yield* Effect.logError("a defect")
        yield* Effect.logError("a defect")
      }))
      assert.deepStrictEqual(lines.map(([level]) => level), ["Warn", "Error", "Error"])
    }))
})
