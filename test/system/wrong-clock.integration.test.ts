// A machine whose clock is wrong, or is set while chats run: paid time is served by the steady clock,
// which goes by Postgres'. A runner whose own clock leapt says so, takes no part, and comes back with
// the right time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { PgClient } from "@effect/sql-pg"
import { fileURLToPath } from "node:url"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { programOf, seedDatabase, type ServerProcess, startRunner } from "../support/server-process.ts"
import { commandId, customer, isFact, mitra, pay } from "./people.ts"

const checkout = programOf(fileURLToPath(new URL("../..", import.meta.url)))
const preload = fileURLToPath(new URL("../support/wrong-clock.ts", import.meta.url))
const onWrongClock = { ...checkout, words: ["--import", preload, ...checkout.words] }
const shortChatMs = 6_000

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

/** A chat that has just begun; its machine's clock is set while it runs. */
const chatOn = async (server: ServerProcess) => {
  const [sari, ayu] = await Promise.all([customer(server), mitra(server, 1)])
  await pay(server, sari, "short")
  const offer = await ayu.phone.event("the offer", (event) => event._tag === "offer", 10_000)
  const { session_id } = offer.event.offer
  await ayu.phone.call("mitra.accept", { command_id: commandId(), session_id })
  return { sari, ayu, began: performance.now() }
}

const lastsAsPaid = async ({ ayu, began, sari }: Awaited<ReturnType<typeof chatOn>>) => {
  await sari.phone.event("the end", isFact("closing"), 3 * shortChatMs)
  const lasted = performance.now() - began
  assert.isAbove(lasted, shortChatMs - 1_500)
  assert.isBelow(lasted, shortChatMs + 1_500)
  assert.isTrue((await ayu.phone.call("mitra.heartbeat", {})).is_online)
  assert.isNull(sari.phone.closed)
  assert.isNull(ayu.phone.closed)
  sari.phone.hangUp()
  ayu.phone.hangUp()
}

const shortTier = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    yield* sql`INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, updated_at)
      VALUES ('short', 'Short', 'chat', ${shortChatMs / 1_000}, 1000, now())`
  }).pipe(Effect.provide(databaseAt(url, 1)), Effect.scoped, Effect.orDie)

const seeded = Effect.gen(function*() {
  const url = yield* freshDatabaseUrl
  yield* seedDatabase(url)
  yield* shortTier(url)
  return url
})

describe("a machine whose clock is set while a chat runs", () => {
  it.live(
    "ten minutes forward or back: the chat lasts as long as was paid for, and sockets stay open",
    () =>
      Effect.gen(function*() {
        const databases = yield* Effect.all([seeded, seeded], { concurrency: 2 })
        const servers = yield* Effect.forEach(
          [[databases[0], 600_000], [databases[1], -600_000]] as const,
          ([url, by]) =>
            startRunner(url, { WALL_CLOCK_MS: String(by), CLOCK_AT_SIGNAL: "true" }, onWrongClock),
          { concurrency: 2 }
        )
        const chats = yield* Effect.promise(() => Promise.all(servers.map((server) => chatOn(server))))
        yield* Effect.forEach(servers, strike)
        yield* Effect.promise(() => Promise.all(chats.map(lastsAsPaid)))
      }),
    150_000
  )
})

describe("a runner on a machine whose clock is a minute ahead", () => {
  it.live(
    "offers every paid request to a mitra who pings another one, whose own clock then leaps",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const leaping = { UPTIME_MS: "600000", CLOCK_AT_SIGNAL: "true" }
        const right = yield* startRunner(url, leaping, onWrongClock)
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
              command_id: commandId(),
              session_id: offer.event.offer.session_id
            })
            offers.length = 0
            who.phone.hangUp()
          }
          ayu.phone.hangUp()
        })
        // It is unready for its clock, sets it by Postgres' and is ready again; the other one stays ready.
        yield* strike(right)
        const off = yield* untilReadyz(right, "clock_off")
        assert.strictEqual(off.code, 503)
        assert.include(right.lines.join("\n"), "this runner's clock is off")
        assert.strictEqual((yield* readyz(ahead)).body.status, "ready")
        yield* untilReadyz(right, "ready")
      }),
    150_000
  )
})
