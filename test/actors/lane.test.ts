// Lanes between runners: calls go straight to actors that live on the other one, with their own refusals;
// what a lane does not carry, or may not have carried, is the cluster's, and so is the rest of the port.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Cause from "effect/Cause"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { NetAddress } from "effect/net"
import { Socket } from "effect/socket"
import { TestClock } from "effect/testing"
import { answer, type Serving } from "../../src/actors/lane/answering.ts"
import { type Ending, makeAsking } from "../../src/actors/lane/asking.ts"
import { failure } from "../../src/actors/lane/codecs.ts"
import { endings, greeting, linesOf, makeLineReader } from "../../src/actors/lane/frames.ts"
import { sharing } from "../../src/actors/lane/greeted.ts"
import { asSystem } from "../../src/actors/turn-call.ts"
import { refuse, type Refusal } from "../../src/domain/refusal.ts"

const session = "ChatSession"
const tick = asSystem({ _tag: "Tick" })
const reply = {
  status: "active",
  seq: 7,
  message_id: null,
  at: 1,
  cursor: null,
  seen: null,
  unread: null,
  offered: null
}

const closed = new Socket.SocketError({ reason: new Socket.SocketCloseError({ code: 1000 }) })

/** Two ends that hand each other what is written, in pieces of so many bytes, until it is frozen. */
const makePair = Effect.fnUntraced(function*(piece: number) {
  const ways = [
    yield* Queue.unbounded<Uint8Array, Socket.SocketError>(),
    yield* Queue.unbounded<Uint8Array, Socket.SocketError>()
  ] as const
  let isFrozen = false
  const end = (own: 0 | 1): Socket.Socket => {
    const out = ways[own === 0 ? 1 : 0]
    const write: Socket.Writer["write"] = (chunk) =>
      Effect.sync(() => {
        if (isFrozen || Socket.isCloseEvent(chunk)) return
        const bytes = Buffer.from(chunk)
        for (let at = 0; at < bytes.length; at += piece) {
          Queue.offerUnsafe(out, bytes.subarray(at, at + piece))
        }
      })
    return Socket.make({
      reader: Effect.succeed({
        pull: Effect.map(Queue.take(ways[own]), (chunk) => [chunk] as const),
        upgrade: Socket.SocketUpgradeError.unsupported
      }),
      writer: Effect.succeed({
        write,
        writeAll: (chunks) => Effect.forEach(chunks, (chunk) => write(chunk), { discard: true })
      })
    })
  }
  const hangUp = () => ways.forEach((way) => Queue.failCauseUnsafe(way, Cause.fail(closed)))
  const freeze = () => {
    isFrozen = true
  }
  return { ends: [end(0), end(1)] as const, freeze, hangUp }
})

interface Options {
  readonly dispatch?: Serving["dispatch"]
  readonly piece?: number
  /** Nobody listens at the other end. */
  readonly deaf?: boolean
}

/** One runner that asks another; what the lane leaves alone on its port goes to `cluster`. */
const makeRunners = Effect.fnUntraced(
  function*({ deaf = false, dispatch = () => null, piece = 64 }: Options) {
    const context = yield* Effect.context<never>()
    const scope = yield* Effect.scope
    const pair = yield* makePair(piece)
    const cluster: Array<string> = []
    const accept = sharing({
      address: NetAddress.unixPathAddress("other"),
      run: (handler) => Effect.andThen(handler(pair.ends[1]), Effect.never) as never
    }, () => ({ dispatch, context }))
    const serve = accept.run((socket) =>
      Effect.gen(function*() {
        const { pull } = yield* socket.reader
        for (;;) cluster.push(...(yield* pull).map((chunk) => Buffer.from(chunk).toString()))
      }).pipe(Effect.scoped, Effect.ignore)
    )
    if (!deaf) yield* Effect.forkIn(serve as Effect.Effect<never>, scope)
    let dialled = 0
    const connect = Effect.sync(() => (dialled++, pair.ends[0]))
    const asking = makeAsking(connect, { scope, context, clock: yield* Clock.Clock })
    const settle = Effect.repeat(Effect.yieldNow, { times: 40 })
    const open = Effect.suspend(() => (asking.isOpen(), settle))
    const ask = (call: unknown) =>
      Effect.callback<Ending>((resume) => {
        const leave = asking.ask(session, "s1", call, (ending) => resume(Effect.succeed(ending)))
        return Effect.sync(leave)
      })
    return { ...pair, ask, asking, cluster, dialled: () => dialled, open, settle }
  }
)

const answering =
  (turn: Effect.Effect<unknown, Refusal>): Serving["dispatch"] => (_kind, _id, _call, context) =>
    Effect.runForkWith(context)(turn as Effect.Effect<unknown, never>)

describe("a lane", () => {
  it.effect("carries a call to an actor that lives there, and its answer back, in any pieces", () =>
    Effect.gen(function*() {
      const { ask, open } = yield* makeRunners({ dispatch: answering(Effect.succeed(reply)), piece: 3 })
      yield* open
      const endingsOfThree = yield* Effect.all([ask(tick), ask(tick), ask(tick)], {
        concurrency: "unbounded"
      })
      for (const ended of endingsOfThree) {
        assert.deepStrictEqual(ended, { ending: endings.success, value: reply })
      }
    }))

  it.effect("brings refusals in the actor's own words", () =>
    Effect.gen(function*() {
      const no = refuse("SESSION_OVER", "It is over.", { session_id: "s1" })
      const { ask, open } = yield* makeRunners({ dispatch: answering(Effect.fail(no)) })
      yield* open
      const ended = yield* ask(tick)
      assert.strictEqual(ended?.ending, endings.failure)
      assert.deepStrictEqual(failure.decode(ended?.value)?.value, no)
    }))

  it.effect("takes no call of staff, and none it cannot read: the cluster's way proves who they are", () =>
    Effect.gen(function*() {
      let taken = 0
      const dispatch: Serving["dispatch"] = (...call) => (taken++, answering(Effect.succeed(reply))(...call))
      const { ask, open } = yield* makeRunners({ dispatch })
      yield* open
      const staff = { staff_id: "x", peer: "127.0.0.1" }
      assert.isNull(yield* ask({ ...tick, staff }))
      assert.isNull(yield* ask({ ...tick, command: { _tag: "ForceClose", staff_id: "x", reason: "so" } }))
      assert.isNull(yield* ask({ ...tick, command: { _tag: "OfTheNextVersion" } }))
      assert.strictEqual(taken, 0)
    }))

  it.effect("sends to the cluster who asked for an actor that does not live there", () =>
    Effect.gen(function*() {
      const { ask, open } = yield* makeRunners({})
      yield* open
      assert.isNull(yield* ask(tick))
    }))

  it.effect("sends everybody to the cluster when it ends under their calls, and is dialled again", () =>
    Effect.gen(function*() {
      const runners = yield* makeRunners({ dispatch: answering(Effect.never) })
      yield* runners.open
      const both = yield* Effect.forkChild(
        Effect.all([runners.ask(tick), runners.ask(tick)], { concurrency: "unbounded" })
      )
      yield* runners.settle
      runners.hangUp()
      assert.deepStrictEqual(yield* Fiber.join(both), [null, null])
      assert.isFalse(runners.asking.isOpen())
      assert.strictEqual(runners.dialled(), 1)
      yield* runners.settle
      assert.strictEqual(runners.dialled(), 2)
    }))

  it.effect("lasts while its end is there; after three silent seconds the cluster has its calls", () =>
    Effect.gen(function*() {
      const runners = yield* makeRunners({ dispatch: answering(Effect.never) })
      yield* runners.open
      const asked = yield* Effect.forkChild(runners.ask(tick))
      yield* TestClock.adjust("60 seconds")
      assert.isUndefined(asked.pollUnsafe())
      runners.freeze()
      yield* TestClock.adjust("5 seconds")
      assert.isNull(yield* Fiber.join(asked))
    }))

  it.effect("is not used with a runner that does not greet, which is asked again after ten seconds", () =>
    Effect.gen(function*() {
      const { asking, dialled, open, settle } = yield* makeRunners({ deaf: true })
      yield* open
      yield* TestClock.adjust("2 seconds")
      yield* open
      assert.isFalse(asking.isOpen())
      assert.strictEqual(dialled(), 1)
      yield* TestClock.adjust("10 seconds")
      asking.isOpen()
      yield* settle
      assert.strictEqual(dialled(), 2)
    }))

  it.effect("reads no further from a runner that does not take its answers", () =>
    Effect.gen(function*() {
      const context = yield* Effect.context<never>()
      let asked = 0
      const pull = Effect.sync(() => {
        const line = linesOf(Array.from({ length: 128 }, () => [++asked, session, "s1", tick] as const))
        return [Buffer.from(line)] as const
      })
      const write: Socket.Writer["write"] = (chunk) => chunk === greeting ? Effect.void : Effect.never
      const writer: Socket.Writer = { write, writeAll: () => Effect.never }
      yield* answer(() => ({ dispatch: () => null, context }), { pull }, writer, makeLineReader()).pipe(
        Effect.scoped,
        Effect.forkChild
      )
      yield* Effect.repeat(Effect.yieldNow, { times: 1_000 })
      assert.isAbove(asked, 4_000)
      assert.isBelow(asked, 9_000)
    }))

  it.effect("leaves the cluster's own connections every byte, also when they begin like its greeting", () =>
    Effect.gen(function*() {
      const { cluster, ends, settle } = yield* makeRunners({ piece: 4 })
      const writer = yield* ends[0].writer
      yield* writer.write("halobestie lard, and more")
      yield* settle
      assert.strictEqual(cluster.join(""), "halobestie lard, and more")
    }))
})

describe("lines of a lane", () => {
  it("are read as they were written, however they are cut", () => {
    const messages = Array.from({ length: 300 }, (_, n) => [n, session, `é${n}`, { n }] as const)
    const bytes = Buffer.from(linesOf(messages))
    const read = makeLineReader()
    const lines: Array<string> = []
    for (let at = 0; at < bytes.length; at += 7) lines.push(...read(bytes.subarray(at, at + 7)))
    assert.deepStrictEqual(lines.flatMap((line) => JSON.parse(line)), messages)
    assert.lengthOf(lines, 3)
  })
})
