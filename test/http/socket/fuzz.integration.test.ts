// 20,000 damaged frames against one server: it stays up, keeps serving others, logs no surprise and
// keeps nothing. FUZZ_SEED repeats a run; a failing one prints its seed.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Exit from "effect/Exit"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { listening } from "./listening.ts"
import { type Prng, makePrng, mutate } from "./mutations.ts"
import { connect, type Phone, request } from "./phone.ts"

const frames = 20_000
// Short rounds, because what follows a fatal frame is not read: only frames of survived rounds count.
const framesPerRound = 10

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const heapUsed = Effect.gen(function*() {
  // Twice, with a turn of the event loop between: finalizers of the first round free for the second.
  collectGarbage()
  yield* Effect.sleep(50)
  collectGarbage()
  return process.memoryUsage().heapUsed
})

const validMessages = (round: number): ReadonlyArray<unknown> => [
  request(`e${round}`, "test.echo", { text: "hello" }),
  request(round, "test.count", { to: 3 }),
  request(`f${round}`, "test.forever"),
  request(`s${round}`, "test.slow"),
  request(`r${round}`, "test.fail"),
  request(`w${round}`, "test.who"),
  request(`a${round}`, "test.authenticate", { token: "bm90IGEgdG9rZW4" }),
  { _tag: "Ack", requestId: round },
  { _tag: "Interrupt", requestId: `f${round}` },
  { _tag: "Ping" },
  { _tag: "Eof" },
  [{ _tag: "Ping" }, request(`b${round}`, "test.echo", { text: "batch" })]
]

/** Sends one round on one connection; true if the connection survived it. */
const playRound = Effect.fnUntraced(function*(phone: Phone, prng: Prng, round: number) {
  for (let index = 0; index < framesPerRound; index++) {
    const frame = mutate(prng, prng.pick(validMessages(round * framesPerRound + index)))
    // Damaged bytes mostly as bytes: as text they are the WebSocket layer's to refuse.
    phone.ws.send(frame, { binary: prng.roll(10) < (typeof frame === "string" ? 1 : 9) })
  }
  phone.send(request(`sync${round}`, "test.echo", { text: "sync" }))
  const answered = Effect.gen(function*() {
    while ((yield* phone.next).requestId !== `sync${round}`) { /* answers to damaged frames */ }
    return true
  })
  return yield* Effect.raceFirst(answered, Effect.as(phone.closed, false))
})

/** Plays until so many damaged frames were survived; gives the number of connections it cost. */
const play = Effect.fnUntraced(function*(url: string, prng: Prng, wanted: number) {
  let scope = yield* Scope.make()
  let phone = yield* Scope.provide(connect(url), scope)
  let closes = 0
  for (let round = 0, survived = 0; survived < wanted; round++) {
    if (yield* playRound(phone, prng, round)) {
      survived += framesPerRound
      continue
    }
    closes += 1
    yield* Scope.close(scope, Exit.void)
    scope = yield* Scope.make()
    phone = yield* Scope.provide(connect(url), scope)
  }
  yield* Scope.close(scope, Exit.void)
  return closes
})

const seed = Number(process.env["FUZZ_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0])

describe("a server under damaged frames", () => {
  it.live(
    `is healthy after ${frames} of them, and its memory is flat (seed ${seed})`,
    () =>
      Effect.gen(function*() {
        const server = yield* listening({
          requests_per_second: 1_000_000,
          request_burst: 1_000_000,
          // The neighbour is nobody, and says nothing meanwhile.
          nobody_idle_max_ms: 600_000,
          nobody_max_ms: 600_000
        })
        const neighbour = yield* connect(server.url)
        const prng = makePrng(seed)
        yield* play(server.url, prng, frames / 5)
        server.log.length = 0
        const before = yield* heapUsed
        const closes = yield* play(server.url, prng, frames)
        neighbour.send(request("1", "test.echo", { text: "fine" }))
        assert.strictEqual((yield* neighbour.next).exit.value.text, "fine")
        const unexpected = server.log.filter((line) =>
          !line.startsWith("connection closed") && !line.startsWith("connection opened") &&
          !line.startsWith("test.")
        )
        assert.deepStrictEqual(unexpected, [])
        assert.isAbove(closes, 10, "some damage must have been bad enough to close a connection")
        server.log.length = 0
        const grown = (yield* heapUsed) - before
        assert.isBelow(grown, 4 * 1024 * 1024, `grown by ${grown} bytes`)
        assert.strictEqual(yield* server.connections.count, 1)
      }).pipe(Effect.tapCause(() => Effect.sync(() => console.error(`FUZZ_SEED=${seed} repeats this run`)))),
    60_000
  )
})
