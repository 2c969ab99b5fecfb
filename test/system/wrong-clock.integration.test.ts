// A machine whose clock is wrong, or is set while chats run: paid time is served by the steady clock,
// which goes by Postgres'. A runner whose own clock leapt says so, takes no part, and comes back with
// the right time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { fileURLToPath } from "node:url"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { programOf, seedDatabase, type ServerProcess, startRunner } from "../support/server-process.ts"
import { customer, isFact, mitra, pair, pay } from "./people.ts"

const checkout = programOf(fileURLToPath(new URL("../..", import.meta.url)))
const preload = fileURLToPath(new URL("../support/wrong-clock.ts", import.meta.url))
const onWrongClock = { ...checkout, words: ["--import", preload, ...checkout.words] }
const demoChatMs = 12_000

const strike = (server: ServerProcess) =>
  Effect.sync(() => {
    server.child.kill("SIGUSR2")
  })

const readyz = (server: ServerProcess) =>
  Effect.promise(async () => {
    const answer = await fetch(`${server.httpUrl}/readyz`)
    return { code: answer.status, body: await answer.json() as { readonly status: string } }
  })

const untilReadyz = (server: ServerProcess, status: string) =>
  readyz(server).pipe(
    Effect.repeat({ until: ({ body }) => body.status === status, schedule: Schedule.spaced("100 millis") }),
    Effect.timeout("30 seconds")
  )

describe("a machine whose clock is set while a chat runs", () => {
  for (const [way, by] of [["forward", 600_000], ["back", -600_000]] as const) {
    it.live(
      `ten minutes ${way}: the chat lasts as long as was paid for, and sockets stay open`,
      () =>
        Effect.gen(function*() {
          const url = yield* freshDatabaseUrl
          yield* seedDatabase(url)
          const env = { WALL_CLOCK_MS: String(by), CLOCK_AT_SIGNAL: "true" }
          const server = yield* startRunner(url, env, onWrongClock)
          const [sari, ayu] = yield* Effect.promise(() => Promise.all([customer(server), mitra(server, 1)]))
          yield* Effect.promise(() => pair(server, sari, ayu, "demo"))
          const began = performance.now()
          yield* strike(server)
          yield* Effect.promise(async () => {
            await sari.phone.event("the end", isFact("closing"), 2 * demoChatMs)
            const lasted = performance.now() - began
            assert.isAbove(lasted, demoChatMs - 1_500)
            assert.isBelow(lasted, demoChatMs + 1_500)
            assert.isTrue((await ayu.phone.call("mitra.heartbeat", {})).is_online)
            assert.isNull(sari.phone.closed)
            assert.isNull(ayu.phone.closed)
            sari.phone.hangUp()
            ayu.phone.hangUp()
          })
        }),
      90_000
    )
  }
})

describe("a runner on a machine whose clock is a minute ahead", () => {
  it.live("offers every paid request to a mitra who pings another runner", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const right = yield* startRunner(url)
      const ahead = yield* startRunner(url, { WALL_CLOCK_MS: "60000" }, onWrongClock)
      assert.include(ahead.lines.join("\n"), "this machine's clock is off")
      const ayu = yield* Effect.promise(() => mitra(right, 1))
      yield* Effect.promise(async () => {
        for (let tries = 0; tries < 5; tries++) {
          const who = await customer(ahead, `Sari ${tries}`)
          await pay(ahead, who, "chat_5")
          const offers = ayu.phone.log as Array<unknown>
          const offer = await ayu.phone.event("the offer", (event) => event._tag === "offer", 10_000)
          await who.phone.call("customer.cancel", {
            command_id: crypto.randomUUID(),
            session_id: offer.event.offer.session_id
          })
          offers.length = 0
          who.phone.hangUp()
        }
        ayu.phone.hangUp()
      })
    }), 90_000)
})

describe("a runner whose own clock leapt", () => {
  it.live("is unready for its clock, sets it by Postgres' and is ready again", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const server = yield* startRunner(
        url,
        { UPTIME_MS: "600000", CLOCK_AT_SIGNAL: "true" },
        onWrongClock
      )
      yield* strike(server)
      const off = yield* untilReadyz(server, "clock_off")
      assert.strictEqual(off.code, 503)
      assert.include(server.lines.join("\n"), "this runner's clock is off")
      yield* untilReadyz(server, "ready")
    }), 90_000)
})
