// The limits of one connection and of the listener: what happens at each, that memory stays bounded,
// and that only the connection that hits one is affected.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { WebSocket } from "ws"
import { valueOf } from "../../../src/services/operations/figures.ts"
import { listening, tokenFor } from "./listening.ts"
import { codeOf, connect, type Phone, refusalOf, refusedUpgrade, request } from "./phone.ts"

const isServed = Effect.fnUntraced(function*(phone: Phone) {
  phone.send(request("served", "test.echo", { text: "still here" }))
  assert.strictEqual((yield* phone.next).exit.value.text, "still here")
})

const closedAfter = (url: string, fragments: number) =>
  Effect.promise(() =>
    new Promise<readonly [number, string]>((resolve) => {
      const socket = new WebSocket(url)
      socket.on("open", () => {
        for (let sent = 0; sent < fragments; sent += 1) socket.send("x", { fin: false })
      })
      socket.on("close", (code, reason) => resolve([code, reason.toString()]))
    })
  )

const many = (count: number, tag: string, payload: unknown = {}) =>
  Array.from({ length: count }, (_, index) => request(index, tag, payload))

const tally = (frames: ReadonlyArray<any>) =>
  Object.fromEntries(
    [...Map.groupBy(frames, (frame) => codeOf(frame) ?? frame.exit._tag)].map((
      [key, all]
    ) => [key, all.length])
  )

describe("requests in flight", () => {
  it.live("are at most 64: the 65th is refused by its own id, the others are not disturbed", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      phone.send(...many(65, "test.slow"))
      const refused = yield* phone.next
      assert.strictEqual(refused.requestId, 64)
      assert.strictEqual(codeOf(refused), "TOO_MANY_REQUESTS")
      yield* Deferred.succeed(server.observed.gate, undefined)
      assert.deepStrictEqual(tally(yield* phone.take(64)), { Success: 64 })
      yield* isServed(phone)
    }))

  it.live("can be 1,000 at once: each gets an answer, and the connection stays", () =>
    Effect.gen(function*() {
      const server = yield* listening({ requests_per_second: 0.001 })
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      phone.send(...many(1_000, "test.slow"))
      yield* isServed(neighbour)
      const refused = yield* phone.take(936)
      assert.deepStrictEqual(tally(refused), { TOO_MANY_REQUESTS: 136, RATE_LIMITED: 800 })
      assert.isAtLeast(valueOf("limit_refusals_total", ["in_flight"]), 136)
      assert.isAtLeast(valueOf("limit_refusals_total", ["requests"]), 800)
      yield* Deferred.succeed(server.observed.gate, undefined)
      assert.deepStrictEqual(tally(yield* phone.take(64)), { Success: 64 })
      const ids = new Set(refused.map((frame) => frame.requestId))
      assert.strictEqual(ids.size, 936)
    }))
})

describe("an unfinished message", () => {
  it.live("of more than 32 fragments closes its socket before it costs memory", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const neighbour = yield* connect(server.url)
      const before = valueOf("limit_refusals_total", ["fragments"])
      const [code, reason] = yield* closedAfter(server.url, 33)
      const told = { reason: "too_many_fragments", retry_after_ms: 10_000 }
      assert.deepStrictEqual([code, JSON.parse(reason)], [1008, told])
      assert.strictEqual(valueOf("limit_refusals_total", ["fragments"]), before + 1)
      yield* isServed(neighbour)
    }))
})

describe("the rate of requests", () => {
  it.live("above the burst is refused with the time to wait, and recovers", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening({ request_burst: 3, requests_per_second: 20 })).url)
      phone.send(...many(4, "test.echo", { text: "x" }))
      const frames = yield* phone.take(4)
      const refused = frames.find((frame) => codeOf(frame) === "RATE_LIMITED")
      const { retry_after_ms } = refusalOf(refused).details
      assert.isAtLeast(retry_after_ms, 1)
      assert.isAtMost(retry_after_ms, 50)
      yield* Effect.sleep(retry_after_ms + 5)
      yield* isServed(phone)
    }))

  it.live("far above it, again and again, closes the connection as flooding", () =>
    Effect.gen(function*() {
      const server = yield* listening({ requests_per_second: 1, refused_max: 500 })
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      phone.send(...many(800, "test.echo", { text: "x" }))
      assert.deepStrictEqual(yield* phone.closed, {
        code: 4502,
        reason: "{\"reason\":\"flooding\",\"retry_after_ms\":10000}"
      })
      yield* isServed(neighbour)
    }))

  it.live("counts messages that ask for nothing as well", () =>
    Effect.gen(function*() {
      const server = yield* listening({ requests_per_second: 1, refused_max: 500 })
      const messages = [
        { _tag: "Ping" },
        { _tag: "Eof" },
        { _tag: "Ack", requestId: "no such call" },
        { _tag: "Ack", requestId: "stream" },
        { _tag: "Interrupt", requestId: "no such call" }
      ]
      for (const message of messages) {
        const phone = yield* connect(server.url)
        phone.send(request("stream", "test.forever"), ...Array.from({ length: 800 }, () => message))
        assert.strictEqual((yield* phone.closed).code, 4502, JSON.stringify(message))
      }
    }))
})

describe("a phone that does not read", () => {
  it.live("is cut once more than 1 MiB waits for it, and the answers are not kept", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      phone.send(...many(64, "test.slow_blob", { bytes: 1_000_000 }))
      yield* isServed(neighbour)
      phone.ws.pause()
      const before = process.memoryUsage()
      yield* Deferred.succeed(server.observed.gate, undefined)
      yield* server.logged("slow_consumer")
      const after = process.memoryUsage()
      const grown = after.arrayBuffers + after.external + after.heapUsed -
        before.arrayBuffers - before.external - before.heapUsed
      assert.isBelow(grown, 32 * 1024 * 1024)
      yield* isServed(neighbour)
      phone.ws.resume()
      assert.include([4003, 1006], (yield* phone.closed).code, "told if it still could be, cut if not")
    }))

  it.live("but goes on asking is not read either, and leaves when it answers no ping", () =>
    Effect.gen(function*() {
      const server = yield* listening({
        requests_per_second: 100_000,
        request_burst: 100_000,
        ping_every_ms: 200,
        silence_max_ms: 1_000,
        close_flush_ms: 200
      })
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      phone.ws.pause()
      phone.send(...many(1_000, "test.blob", { bytes: 65_000 }))
      yield* isServed(neighbour)
      const line = yield* server.logged("slow_consumer")
      const served = Number(/calls_served":(\d+)/.exec(line)?.[1])
      assert.isBelow(served, 900, "most of its requests were never read")
    }))

  it.live("but reads again in time gets every answer: reading it was only paused", () =>
    Effect.gen(function*() {
      const server = yield* listening({
        requests_per_second: 100_000,
        request_burst: 100_000
      })
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      phone.ws.pause()
      phone.send(...many(600, "test.blob", { bytes: 30_000 }))
      for (let round = 0; round < 20; round++) yield* isServed(neighbour)
      phone.ws.resume()
      assert.deepStrictEqual(tally(yield* phone.take(600)), { Success: 600 })
    }))
})

describe("a silent phone", () => {
  const quick = { ping_every_ms: 50, silence_max_ms: 250 }

  it.live("is pinged, and stays as long as it answers", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening(quick)).url)
      for (let pings = 0; pings < 10; pings++) {
        yield* Effect.promise(() => new Promise((resolve) => phone.ws.once("ping", resolve)))
      }
      yield* isServed(phone)
    }))

  it.live("that does not even answer pings is dropped as idle", () =>
    Effect.gen(function*() {
      const server = yield* listening(quick)
      const phone = yield* connect(server.url, [], { autoPong: false })
      assert.deepStrictEqual(yield* phone.closed, { code: 4002, reason: "{\"reason\":\"idle\"}" })
      yield* server.logged("\"reason\":\"idle\"")
    }))

  it.live("that never completes a close is destroyed", () =>
    Effect.gen(function*() {
      const server = yield* listening({ ...quick, close_flush_ms: 100 })
      const phone = yield* connect(server.url, [], { autoPong: false })
      const neighbour = yield* connect(server.url)
      phone.ws.pause()
      yield* server.logged("\"reason\":\"idle\"")
      yield* isServed(neighbour)
      phone.ws.resume()
      assert.include([4002, 1006], (yield* phone.closed).code)
    }))
})

describe("connections", () => {
  it.live("above the number per address are refused with 503, and welcome when one has left", () =>
    Effect.gen(function*() {
      const server = yield* listening({ connections_per_peer_max: 2 })
      const first = yield* connect(server.url)
      yield* connect(server.url)
      const refused = yield* refusedUpgrade(server.url)
      assert.strictEqual(refused.status, 503)
      assert.strictEqual(refused.body._tag, "TryAgain")
      assert.isAbove(Number(refused.headers["retry-after"]), 0)
      assert.isAtLeast(valueOf("limit_refusals_total", ["connections_of_address"]), 1)
      first.ws.close()
      yield* first.closed
      yield* server.logged("\"reason\":\"left\"")
      yield* isServed(yield* connect(server.url))
    }))

  it.live("that nobody signs in on leave places for who brings a token", () =>
    Effect.gen(function*() {
      const server = yield* listening({ nobodies_max: 2 })
      const first = yield* connect(server.url)
      yield* connect(server.url)
      assert.strictEqual((yield* refusedUpgrade(server.url)).status, 503)
      assert.isAtLeast(valueOf("limit_refusals_total", ["connections_of_nobody"]), 1)
      yield* isServed(yield* connect(server.url, ["halobestie.v1", `bearer.${tokenFor()}`]))
      first.send(request("1", "test.authenticate", { token: tokenFor() }))
      yield* first.next
      yield* isServed(yield* connect(server.url))
    }))

  it.live("opened too fast by one address are refused with 429 before any upgrade, and counted", () =>
    Effect.gen(function*() {
      const server = yield* listening({ connection_burst: 2, connections_per_second: 0.1 })
      const first = yield* connect(server.url)
      yield* connect(server.url)
      const refused = yield* refusedUpgrade(server.url)
      assert.strictEqual(refused.status, 429)
      assert.deepInclude(refused.body, { _tag: "Refusal", code: "RATE_LIMITED" })
      assert.isAbove(Number(refused.headers["retry-after"]), 5)
      yield* server.logged("rate-limited")
      yield* isServed(first)
    }))

  it.live("above the total are refused with 503", () =>
    Effect.gen(function*() {
      const server = yield* listening({ connections_max: 1 })
      const first = yield* connect(server.url)
      assert.strictEqual((yield* refusedUpgrade(server.url)).status, 503)
      yield* isServed(first)
    }))

  it.live("that fail in the handshake give their place back", () =>
    Effect.gen(function*() {
      const server = yield* listening({ connections_max: 1 })
      for (let attempt = 0; attempt < 5; attempt++) {
        const response = yield* Effect.promise(() => brokenHandshake(server.port))
        assert.match(response, /^HTTP\/1.1 400 /)
      }
      yield* isServed(yield* connect(server.url))
    }))
})

/** An upgrade without a key, written by hand. */
const brokenHandshake = async (port: number): Promise<string> => {
  const { connect: connectTcp } = await import("node:net")
  return new Promise((resolve, reject) => {
    let text = ""
    const socket = connectTcp(
      port,
      "127.0.0.1",
      () => socket.write("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    )
    socket.on("data", (data) => (text += data.toString()))
    socket.on("close", () => resolve(text))
    socket.on("error", reject)
  })
}
