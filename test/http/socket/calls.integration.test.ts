// What a well-behaved client gets: answers, errors, streams, cancels, and nothing of our insides.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { listening } from "./listening.ts"
import { connect, refusalOf, request } from "./phone.ts"

const succeeded = (requestId: string | number, value: unknown) => ({
  _tag: "Exit",
  requestId,
  exit: { _tag: "Success", value }
})

describe("a call over the socket", () => {
  it.live("is answered with the id it came with, text or number", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send(request("a", "test.echo", { text: "hi" }), request(7, "test.echo", { text: "ho" }))
      assert.deepStrictEqual(yield* phone.take(2), [
        succeeded("a", { text: "hi" }),
        succeeded(7, { text: "ho" })
      ])
    }))

  it.live("may come without headers and without a payload, and several in one frame", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send([
        { _tag: "Request", id: "1", tag: "test.who" },
        { _tag: "Request", id: "2", tag: "test.who", payload: null }
      ])
      assert.deepStrictEqual(yield* phone.take(2), [succeeded("1", null), succeeded("2", null)])
    }))

  it.live("may come as UTF-8 bytes", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send(new TextEncoder().encode(JSON.stringify(request("1", "test.echo", { text: "é" }))))
      assert.deepStrictEqual(yield* phone.next, succeeded("1", { text: "é" }))
    }))

  it.live("that the handler refuses carries the refusal whole", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send(request("1", "test.fail"))
      const error = {
        _tag: "Refusal",
        code: "SESSION_OVER",
        message: "It is over.",
        details: { session_id: "s1" }
      }
      assert.deepStrictEqual(yield* phone.next, {
        _tag: "Exit",
        requestId: "1",
        exit: { _tag: "Failure", cause: [{ _tag: "Fail", error }] }
      })
    }))

  it.live("is answered although the client asked for no answer", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send({ ...request("1", "test.echo", { text: "x" }), isNotification: true })
      phone.send({ ...request("2", "test.echo", { text: "y" }), discard: true })
      assert.deepStrictEqual(yield* phone.take(2), [
        succeeded("1", { text: "x" }),
        succeeded("2", { text: "y" })
      ])
    }))

  it.live("sees no header that came in a message", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send({ ...request("1", "test.headers"), headers: [["authorization", "Bearer somebody"]] })
      assert.deepStrictEqual(yield* phone.next, succeeded("1", {}))
    }))

  it.live("Ping is answered with Pong, and Eof changes nothing", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send({ _tag: "Eof" }, { _tag: "Ping" }, request("1", "test.who"))
      assert.deepStrictEqual(yield* phone.take(2), [{ _tag: "Pong" }, succeeded("1", null)])
    }))
})

describe("a call that goes wrong on our side", () => {
  for (const how of ["error", "text", "throw"]) {
    it.live(`by dying (${how}) is TryAgain with a reference that the log knows, and no cause`, () =>
      Effect.gen(function*() {
        const server = yield* listening()
        const phone = yield* connect(server.url)
        phone.send(request("1", "test.die", { how }))
        const frame = yield* phone.next
        const error = refusalOf(frame)
        assert.strictEqual(error._tag, "TryAgain")
        assert.isAbove(error.retry_after_ms, 0)
        assert.notInclude(JSON.stringify(frame), "secret")
        assert.strictEqual(frame.exit.cause.length, 1)
        const lines = server.log.filter((line) => line.includes("secret"))
        assert.strictEqual(lines.length, 1, "the log tells the whole story, once")
        const [, reference] = /reference ([a-z0-9]+)/.exec(error.message) ?? []
        assert.include(lines[0], `"reference":"${reference}","call":"test.die"`)
      }))
  }

  it.live("by a result that does not fit its schema is TryAgain as well", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      phone.send(request("1", "test.badly_encoded"), request("2", "test.who"))
      const [bad, good] = yield* phone.take(2)
      assert.strictEqual(refusalOf(bad)._tag, "TryAgain")
      assert.notInclude(JSON.stringify(bad), "encode")
      assert.deepStrictEqual(good, succeeded("2", null))
    }))

  it.live("by taking too long is stopped and TryAgain; the id may be used again", () =>
    Effect.gen(function*() {
      const server = yield* listening({ call_max_ms: 200 })
      const phone = yield* connect(server.url)
      phone.send(request("s", "test.forever"), request("1", "test.slow"))
      const tooSlow = yield* phone.next
      assert.deepStrictEqual([tooSlow.requestId, refusalOf(tooSlow)._tag], ["1", "TryAgain"])
      assert.deepStrictEqual(server.observed.interrupted, ["test.slow"])
      yield* Deferred.succeed(server.observed.gate, undefined)
      phone.send(request("1", "test.slow"))
      assert.deepStrictEqual(yield* phone.next, succeeded("1", { text: "at last" }))
    }))

  it.live("by being stopped is TryAgain, not a cancel the client never asked for", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send(request("1", "test.stop"))
      assert.strictEqual(refusalOf(yield* phone.next)._tag, "TryAgain")
    }))
})

describe("a stream over the socket", () => {
  it.live("sends the next chunk only after the last one was acknowledged", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send(request("s", "test.count", { to: 10_000 }))
      const seen: Array<number> = []
      let frame = yield* phone.next
      while (frame._tag === "Chunk") {
        seen.push(...frame.values)
        phone.send({ _tag: "Ping" })
        assert.deepStrictEqual(yield* phone.next, { _tag: "Pong" }, "no chunk overtook the Pong")
        phone.send({ _tag: "Ack", requestId: "s" })
        frame = yield* phone.next
      }
      assert.deepStrictEqual(frame, succeeded("s", null))
      assert.deepStrictEqual(seen, Array.from({ length: 10_000 }, (_, index) => index + 1))
    }))

  it.live("runs ahead by as many chunks as the client offered, and says how many those are", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      const pong = Effect.andThen(Effect.sync(() => phone.send({ _tag: "Ping" })), phone.next)
      const ack = (chunks: number, credit?: number) =>
        phone.send({ _tag: "Ack", requestId: "s", chunks, ...(credit === undefined ? {} : { credit }) })
      phone.send(request("s", "test.chunks", { count: 100, bytes: 1 }))
      assert.notProperty(yield* phone.next, "credit")
      ack(1, 3)
      const ahead = yield* phone.take(3)
      assert.deepStrictEqual(ahead.map(({ credit }) => credit), [3, undefined, undefined])
      assert.deepStrictEqual(yield* pong, { _tag: "Pong" }, "three are on their way and no more")
      ack(2)
      yield* phone.take(2)
      assert.deepStrictEqual(yield* pong, { _tag: "Pong" })
      // More than are on their way count as all of them; a credit that shrinks is kept to at once.
      ack(32, 1)
      assert.strictEqual((yield* phone.next).credit, 1)
      assert.deepStrictEqual(yield* pong, { _tag: "Pong" })
    }))

  it.live("that is offered any credit does not run past what a phone has left unread", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      const neighbour = yield* connect(server.url)
      phone.send(request("s", "test.chunks", { count: 33, bytes: 900_000 }))
      yield* phone.next
      phone.ws.pause()
      // 28 MB are offered room for; a socket takes a few, and beyond 1 MiB that wait for it it is cut.
      phone.send({ _tag: "Ack", requestId: "s", chunks: 1, credit: 32 })
      for (const text of ["once", "twice", "three times"]) {
        neighbour.send(request("1", "test.echo", { text }))
        assert.deepStrictEqual(yield* neighbour.next, succeeded("1", { text }))
      }
      phone.ws.resume()
      for (let chunk = 2; chunk <= 33; chunk += 1) {
        const { _tag, values } = yield* phone.next
        assert.deepStrictEqual([_tag, Number.parseInt(values[0].text)], ["Chunk", chunk])
        phone.send({ _tag: "Ack", requestId: "s" })
      }
      assert.deepStrictEqual(yield* phone.next, succeeded("s", null))
    }))

  it.live("is interrupted when the client cancels it, and says so", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      phone.send(request("s", "test.forever"), request("1", "test.who"))
      yield* phone.next
      phone.send({ _tag: "Interrupt", requestId: "s" })
      assert.deepStrictEqual(yield* phone.next, {
        _tag: "Exit",
        requestId: "s",
        exit: { _tag: "Failure", cause: [{ _tag: "Interrupt", fiberId: null }] }
      })
      assert.deepStrictEqual(server.observed.interrupted, ["test.forever"])
    }))
})

describe("a cancel", () => {
  it.live("of a call in flight interrupts its handler, and the id may then be used again", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      phone.send(request("1", "test.slow"), { _tag: "Interrupt", requestId: "1" })
      assert.strictEqual((yield* phone.next).exit.cause[0]._tag, "Interrupt")
      assert.deepStrictEqual(server.observed.interrupted, ["test.slow"])
      yield* Deferred.succeed(server.observed.gate, undefined)
      phone.send(request("1", "test.slow"))
      assert.deepStrictEqual(yield* phone.next, succeeded("1", { text: "at last" }))
    }))

  it.live("or an acknowledgement of an unknown id is not answered and harms nothing", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send({ _tag: "Interrupt", requestId: "nope" }, { _tag: "Ack", requestId: "nope" })
      phone.send(request("1", "test.who"))
      assert.deepStrictEqual(yield* phone.next, succeeded("1", null))
    }))
})

describe("a client that goes away", () => {
  it.live("has its calls interrupted", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      const other = yield* connect(server.url)
      phone.send(request("1", "test.slow"), request("2", "test.who"))
      yield* phone.next
      phone.ws.terminate()
      yield* server.logged("test.slow was interrupted")
      other.send({ _tag: "Ping" })
      assert.deepStrictEqual(yield* other.next, { _tag: "Pong" })
      assert.strictEqual(yield* server.connections.count, 1)
    }))
})
