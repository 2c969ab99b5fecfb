// SIGTERM during traffic: what was acknowledged is in Postgres, the exit code is 0 inside the bound, and the
// next start carries on with the same session and the same clock.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { startRunner, startServer } from "../support/server-process.ts"
import { customer, history, isFact, mitra, pair, type Person, reconnected, send } from "./people.ts"

/** So many messages are acknowledged before the stop is asked for, however slow the machine is. */
const before = 11

/** Sends as fast as acknowledgements come, until the connection is gone; notes what was acknowledged. */
const chatter = async (
  who: Person,
  session: string,
  acknowledged: Map<number, string>,
  onEnough: () => void
): Promise<void> => {
  for (let i = 0; who.phone.closed === null; i++) {
    const body = `message ${i}`
    const sent = await send(who, session, body).catch(() => null)
    if (sent === null) return
    acknowledged.set(sent.seq, body)
    if (acknowledged.size === before) onEnough()
  }
}

describe("stopping on SIGTERM", () => {
  it.live(
    "keeps every acknowledged message, exits 0 in time, and the next start goes on to the second",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const first = yield* startServer(url, { DRAIN_TIMEOUT_SECONDS: "10" })
        const sari = yield* Effect.promise(() => customer(first))
        const ayu = yield* Effect.promise(() => mitra(first, 1))
        const session = yield* Effect.promise(() => pair(first, sari, ayu, "demo"))
        const paired = sari.phone.log.find(({ event }) => isFact("paired")(event))
        const endsAt = Date.parse(paired?.event.fact.ends_at)

        const acknowledged = new Map<number, string>()
        const enough = Promise.withResolvers<void>()
        const traffic = chatter(sari, session, acknowledged, enough.resolve)
        yield* Effect.promise(() => enough.promise)
        const asked = performance.now()
        const code = yield* first.end("SIGTERM")
        const took = performance.now() - asked
        yield* Effect.promise(() => traffic)
        assert.strictEqual(code, 0, first.lines.join("\n"))
        assert.isBelow(took, 10_000)
        assert.isAtLeast(acknowledged.size, before)
        assert.strictEqual(
          sari.phone.closed?.code,
          1012,
          `${JSON.stringify(sari.phone.closed)} ${first.lines.join("\n")}`
        )
        const hint = JSON.parse(sari.phone.closed?.reason ?? "{}")
        // Two phones, one of them within 4 ms: a few come back at once.
        assert.isAtLeast(hint.retry_after_ms, 0)
        assert.isAtMost(hint.retry_after_ms, 10)
        assert.isTrue(first.lines.some((line) => line.includes("drained: everything is closed")))

        const second = yield* startRunner(url)
        yield* Effect.promise(async () => {
          const [sariNow, ayuNow] = await Promise.all([reconnected(sari, second), reconnected(ayu, second)])
          const read = new Map(await history(sariNow, session))
          for (const [seq, body] of acknowledged) assert.strictEqual(read.get(seq), body)
          assert.isAtMost(read.size, acknowledged.size + 1)
          const closing = await sariNow.phone.event("the end", isFact("closing"), 15_000)
          assert.strictEqual(Date.parse(closing.event.at), endsAt)
          assert.isBelow(Math.abs(closing.arrivedAt - endsAt), 1000)
          await ayuNow.phone.event("the end", isFact("closing"), 2000)
          sariNow.phone.hangUp()
          ayuNow.phone.hangUp()
        })
      }),
    120_000
  )
})
