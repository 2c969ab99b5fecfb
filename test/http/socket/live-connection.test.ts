// One connection over a wire made of numbers: when it may be read, when it is cut, and when a draining
// one leaves.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import { closeCodes } from "../../../src/contract/close-codes.ts"
import { publicLimits } from "../../../src/http/socket/limits.ts"
import { type Call, LiveConnection } from "../../../src/http/socket/live-connection.ts"

const kib = 1024

const given = () => {
  const sent: Array<string> = []
  const closes: Array<[number, string]> = []
  const closings: Array<number> = []
  const silences: Array<boolean> = []
  const flushed: Array<() => void> = []
  const wire = {
    readyState: 1,
    bufferedAmount: 0,
    send: (frame: string, done: () => void) => {
      sent.push(frame)
      wire.bufferedAmount += frame.length
      flushed.push(done)
    },
    ping: () => {},
    close: (code: number, reason: string) => {
      closes.push([code, reason])
    },
    terminate: () => {}
  }
  const connection = new LiveConnection({
    id: "c1",
    client_id: 1,
    remote_address: "test",
    wire,
    limits: publicLimits,
    clock: Clock.Clock.defaultValue(),
    onClosing: (closing) => closings.push(closing.client_id),
    onSilence: (changed) => silences.push(changed.is_silent)
  })
  /** The other end has read everything. */
  const flush = () => {
    wire.bufferedAmount = 0
    for (const done of flushed.splice(0)) done()
  }
  return { connection, sent, closes, closings, silences, wire, flush }
}

const call = (is_stream = false, began_at = Date.now()): Call => ({
  tag: "test",
  is_stream,
  began_at,
  is_overdue: false,
  payload: undefined,
  interrupted_by_client: false,
  fiber: null,
  unacknowledged: 0,
  credit: 1,
  tells_credit: false,
  is_held: false,
  goOn: null
})

describe("a connection's overdue calls", () => {
  it("are stopped once each, and only what is no stream", () => {
    const { connection } = given()
    const stopped: Array<unknown> = []
    connection.stop = (_, id) => stopped.push(id)
    const longAgo = Date.now() - publicLimits.call_max_ms - 1
    connection.begin("stream", call(true, longAgo))
    connection.begin("old", call(false, longAgo))
    connection.begin("new", call())
    connection.stopOverdue(connection.now())
    connection.stopOverdue(connection.now())
    assert.deepStrictEqual(stopped, ["old"])
  })
})

describe("a connection on which nothing is heard after an event", () => {
  it("is silent after 5 s, once, and no more as soon as it is heard", () => {
    const { connection, silences } = given()
    connection.sendChunk("an offer")
    const sentAt = connection.now()
    connection.noticeSilence(sentAt + 4_900)
    assert.deepStrictEqual(silences, [])
    connection.noticeSilence(sentAt + 5_100)
    connection.noticeSilence(sentAt + 5_600)
    assert.deepStrictEqual([silences, connection.is_silent], [[true], true])
    connection.heard()
    assert.deepStrictEqual([silences, connection.is_silent], [[true, false], false])
    connection.noticeSilence(sentAt + 60_000)
    assert.deepStrictEqual(silences, [true, false])
  })

  it("is not silent for an answer that it got, however long it says nothing", () => {
    const { connection, silences } = given()
    connection.send("an answer")
    connection.noticeSilence(connection.now() + 60_000)
    assert.deepStrictEqual(silences, [])
  })
})

describe("a connection's outbound side", () => {
  it("stops reading above 256 KiB unsent and goes on when the other end has caught up", () => {
    const { connection, flush } = given()
    connection.send("x".repeat(256 * kib))
    assert.isTrue(connection.is_readable)
    connection.send("x")
    assert.isFalse(connection.is_readable)
    flush()
    assert.isTrue(connection.is_readable)
  })

  it("lets one large frame through, and is cut by the next while it is still waiting", () => {
    const { closes, closings, connection, sent } = given()
    connection.send("x".repeat(3 * 1024 * kib))
    assert.deepStrictEqual(closes, [])
    connection.send("y")
    assert.deepStrictEqual(closes, [[4003, "{\"reason\":\"slow_consumer\",\"retry_after_ms\":1000}"]])
    assert.deepStrictEqual(closings, [1])
    assert.strictEqual(sent.length, 1)
  })

  it("says nothing after it decided to close, and closes once", () => {
    const { closes, closings, connection, sent } = given()
    connection.close(closeCodes.idle)
    connection.close(closeCodes.flooding)
    connection.send("late")
    assert.deepStrictEqual([closes.length, closings.length, sent.length], [1, 1, 0])
  })

  it("throws nothing at a socket that is already gone", () => {
    const { connection, sent, wire } = given()
    wire.readyState = 3
    connection.send("x")
    assert.deepStrictEqual(sent, [])
  })
})

describe("a draining connection", () => {
  it("leaves at once when nothing is in flight", () => {
    const { closes, connection } = given()
    connection.startDraining(700)
    assert.deepStrictEqual(closes, [[1012, "{\"reason\":\"restarting\",\"retry_after_ms\":700}"]])
  })

  it("waits for its calls, not for its streams, and reads nothing meanwhile", () => {
    const { closes, connection } = given()
    connection.begin("a", call())
    connection.begin("s", call(true))
    connection.startDraining(700)
    assert.isFalse(connection.is_readable)
    connection.send("an event of the stream")
    assert.isFalse(connection.is_readable)
    connection.leaveIfDrained()
    assert.deepStrictEqual(closes, [])
    connection.finish("a")
    connection.leaveIfDrained()
    assert.strictEqual(closes.length, 1)
    assert.isTrue(connection.is_readable)
  })
})

describe("every close reason", () => {
  it("fits into a close frame, also with a hint when to come back", () => {
    for (const code of Object.values(closeCodes)) {
      const { closes, connection } = given()
      connection.close(code, 4_999)
      assert.isAtMost(Buffer.byteLength(closes[0]![1]), 123)
    }
  })
})
