// The testers' phone against a server that says only what the test has it say.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { AddressInfo } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"
import { Phone } from "../../testkit/phone.mjs"

interface Asked {
  readonly socket: WebSocket
  readonly id: string
  readonly since: ReadonlyArray<{ readonly session_id: string; readonly seq: number }>
}

interface Listening {
  readonly url: string
  readonly listener: WebSocketServer
  /** The next subscription, whenever it comes. */
  readonly next: () => Promise<Asked>
}

const snapshot = {
  _tag: "snapshot",
  server_now: "2026-11-28T00:00:00.000Z",
  epoch: "e",
  recovered: [],
  sessions: []
}

/** A server whose streams are answered by the test, one after the other. */
const server = Effect.acquireRelease(
  Effect.callback<Listening>((resume) => {
    const asked: Array<Asked> = []
    const waiting: Array<(one: Asked) => void> = []
    const listener = new WebSocketServer({ port: 0, host: "127.0.0.1" })
    listener.on("connection", (socket) =>
      socket.on("message", (data) => {
        const frame = JSON.parse(String(data))
        if (frame.tag !== "events.subscribe") return
        const one = { socket, id: frame.id, since: frame.payload.since }
        const take = waiting.shift()
        if (take === undefined) asked.push(one)
        else take(one)
      }))
    const next = () =>
      new Promise<Asked>((resolve) => {
        const one = asked.shift()
        if (one === undefined) waiting.push(resolve)
        else resolve(one)
      })
    listener.once("listening", () => {
      const { port } = listener.address() as AddressInfo
      resume(Effect.succeed({ url: `ws://127.0.0.1:${port}`, next, listener }))
    })
  }),
  ({ listener }) => Effect.sync(() => listener.close())
)

const say = ({ id, socket }: Asked, ...values: ReadonlyArray<object>) =>
  socket.send(JSON.stringify({ _tag: "Chunk", requestId: id, values }))

const giveUp = ({ id, socket }: Asked) => {
  const error = { _tag: "TryAgain", message: "not now", retry_after_ms: 1 }
  const exit = { _tag: "Failure", cause: [{ _tag: "Fail", error }] }
  socket.send(JSON.stringify({ _tag: "Exit", requestId: id, exit }))
}

describe("a phone whose stream the server gives up", () => {
  it.effect("subscribes again with what it holds, on the same connection", () =>
    Effect.gen(function*() {
      const { next, url } = yield* server
      const phone = new Phone(url)
      yield* Effect.promise(() => phone.connect())
      const subscribed = phone.subscribe()
      const first = yield* Effect.promise(next)
      const message = { _tag: "session", session_id: "s", seq: 7, fact: { kind: "message" } }
      say(first, snapshot, message)
      yield* Effect.promise(() => subscribed)
      giveUp(first)
      const second = yield* Effect.promise(next)
      assert.deepStrictEqual(second.since, [{ session_id: "s", seq: 7 }])
      assert.isNull(phone.closed)
      say(second, snapshot, { ...message, seq: 8 })
      yield* Effect.promise(() => phone.event("the rest", (event) => event.seq === 8))
      assert.deepStrictEqual([phone.doubled, phone.skipped], [0, 0])
      phone.cut()
    }).pipe(Effect.scoped))
})
