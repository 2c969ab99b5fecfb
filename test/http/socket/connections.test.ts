// The register of connections without any socket: what is left when one goes, also in the odd moments.
import { assert, describe, it } from "@effect/vitest"
import { SecureRandom } from "effect/crypto"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { closeCodes } from "../../../src/contract/close-codes.ts"
import * as ConnectionsLayer from "../../../src/http/socket/connections.ts"
import { Connections } from "../../../src/http/socket/connections.ts"

const layer = ConnectionsLayer.layer.pipe(Layer.provide(SecureRandom.layerWebCrypto))

const makeWire = () => {
  const closes: Array<number> = []
  const pauses: Array<number> = []
  return {
    closes,
    /** What each close said of coming back. */
    pauses,
    readyState: 1,
    bufferedAmount: 0,
    send: () => {},
    ping: () => {},
    close: (code: number, reason: string) => {
      closes.push(code)
      pauses.push((JSON.parse(reason) as { readonly retry_after_ms?: number }).retry_after_ms ?? -1)
    },
    terminate: () => {}
  }
}

const sari = {
  user_type: "customer" as const,
  user_id: "sari",
  auth_session_id: "family-1",
  expires_at: Number.MAX_SAFE_INTEGER
}

const opened = Effect.gen(function*() {
  const connections = yield* Connections
  const scope = yield* Scope.make()
  const wire = makeWire()
  const connection = yield* Scope.provide(connections.open(wire, "peer"), scope)
  return { connections, connection, wire, leave: Scope.close(scope, Exit.void) }
})

describe("the register of connections", () => {
  it.effect("finds a person's connection until it leaves, and nothing afterwards", () =>
    Effect.gen(function*() {
      const { connection, connections, leave } = yield* opened
      yield* connections.signIn(connection, sari)
      assert.isTrue(yield* connections.isConnected(sari))
      assert.deepStrictEqual(yield* connections.signInsOf(sari), new Set(["family-1"]))
      yield* leave
      assert.isFalse(yield* connections.isConnected(sari))
      assert.strictEqual(yield* connections.count, 0)
      assert.strictEqual(yield* connections.closePerson(sari, null, closeCodes.revoked), 0)
    }).pipe(Effect.provide(layer)))

  it.effect("does not call a person connected whose socket is being closed", () =>
    Effect.gen(function*() {
      const { connection, connections, wire } = yield* opened
      yield* connections.signIn(connection, sari)
      assert.strictEqual(yield* connections.closePerson(sari, "family-1", closeCodes.revoked), 1)
      assert.deepStrictEqual(wire.closes, [4503])
      assert.isFalse(yield* connections.isConnected(sari))
    }).pipe(Effect.provide(layer)))

  it.effect("says once that all of a person's sockets are silent, and that one is heard again", () =>
    Effect.gen(function*() {
      const { connection, connections, leave } = yield* opened
      const other = (yield* opened).connection
      yield* connections.signIn(connection, sari)
      const fallSilent = (one: typeof connection) => {
        one.sendChunk("an event")
        one.noticeSilence(one.now() + 10_000)
      }
      fallSilent(connection)
      assert.isFalse(yield* connections.isConnected(sari))
      yield* connections.signIn(other, sari)
      assert.isTrue(yield* connections.isConnected(sari))
      fallSilent(other)
      other.heard()
      // The only one that was heard is gone: the silent one is left.
      other.close(closeCodes.idle)
      yield* leave
      const told = yield* Queue.clear(connections.silences)
      assert.deepStrictEqual(told.map(({ is_silent }) => is_silent), [true, false, true, false, true, false])
    }).pipe(Effect.provide(layer)))

  it.effect("keeps nothing of a sign-in that comes after the socket is gone", () =>
    Effect.gen(function*() {
      const { connection, connections, leave } = yield* opened
      yield* leave
      yield* connections.signIn(connection, sari)
      assert.isFalse(yield* connections.isConnected(sari))
      assert.deepStrictEqual(yield* connections.signInsOf(sari), new Set())
    }).pipe(Effect.provide(layer)))

  it.effect("counts the calls of all of a person's sockets together, without those of one that went", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* opened, yield* opened]
      const call = { tag: "chat.send", is_stream: false, began_at: 0 } as never
      one.connection.begin("before", call)
      yield* one.connections.signIn(one.connection, sari)
      other.connection.begin("1", call)
      yield* other.connections.signIn(other.connection, sari)
      other.connection.begin("2", call)
      assert.strictEqual(one.connection.in_flight_of_person, 3)
      other.connection.finish("1")
      assert.strictEqual(one.connection.in_flight_of_person, 2)
      yield* other.leave
      assert.strictEqual(one.connection.in_flight_of_person, 1)
      one.connection.finish("before")
      one.connection.finish("before")
      assert.strictEqual(one.connection.in_flight_of_person, 0)
    }).pipe(Effect.provide(layer)))

  it.effect("closes the oldest of a person's sockets for an eleventh, and gives all of them one rate", () =>
    Effect.gen(function*() {
      const all = []
      for (let count = 0; count < 11; count += 1) all.push(yield* opened)
      for (const { connection, connections } of all) yield* connections.signIn(connection, sari)
      assert.deepStrictEqual(all.map(({ wire }) => wire.closes), [
        [4504],
        ...Array.from({ length: 10 }, () => [])
      ])
      assert.strictEqual(new Set(all.map(({ connection }) => connection.bucket)).size, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("closes a socket that floods with pings", () =>
    Effect.gen(function*() {
      const { connection, wire } = yield* opened
      for (let pings = 0; pings < 2_000; pings += 1) connection.signOfLife(false)
      assert.deepStrictEqual(wire.closes, [])
      for (let pings = 0; pings < 400; pings += 1) connection.signOfLife(false)
      assert.deepStrictEqual(wire.closes, [4502])
    }).pipe(Effect.provide(layer)))

  it.effect("closes a socket that floods with pongs, but takes each that was asked for", () =>
    Effect.gen(function*() {
      const { connection, wire } = yield* opened
      for (let pings = 0; pings < 3_000; pings += 1) {
        connection.ping()
        connection.signOfLife(true)
      }
      assert.deepStrictEqual(wire.closes, [])
      for (let pongs = 0; pongs < 2_400; pongs += 1) connection.signOfLife(true)
      assert.deepStrictEqual(wire.closes, [4502])
    }).pipe(Effect.provide(layer)))

  it.effect("sends a few away to come back at once, and thousands one after the other", () =>
    Effect.gen(function*() {
      const sentAway = Effect.fnUntraced(function*(phones: number) {
        const all = yield* Effect.all(Array.from({ length: phones }, () => opened))
        assert.strictEqual(yield* all[0]!.connections.sendAway(false), phones)
        for (const { leave } of all) yield* leave
        return all.flatMap(({ wire }) => wire.pauses).toSorted((a, b) => a - b)
      })
      assert.isAtMost((yield* sentAway(40)).at(-1)!, 80)
      const many = yield* sentAway(5_000)
      // Ten seconds' worth: as many in the first half as in the second.
      assert.isAtLeast(many[0]!, 0)
      assert.isAtMost(many.at(-1)!, 10_000)
      assert.closeTo(many[2_500]!, 5_000, 500)
    }).pipe(Effect.provide(layer)))

  it.effect("lets those wait who came although they had been sent away", () =>
    Effect.gen(function*() {
      const all = yield* Effect.all(Array.from({ length: 20 }, () => opened))
      yield* all[0]!.connections.sendAway(true)
      for (const { wire } of all) {
        assert.isAtLeast(wire.pauses[0]!, 500)
        assert.isAtMost(wire.pauses[0]!, 5_000)
      }
    }).pipe(Effect.provide(layer)))

  it.live("sends a connection away that was let in just before the drain began", () =>
    Effect.gen(function*() {
      const connections = yield* Connections
      assert.deepStrictEqual(yield* connections.drain, { connections: 0, calls_cut: 0, sockets_cut: 0 })
      const { wire } = yield* opened
      assert.deepStrictEqual(wire.closes, [1012])
    }).pipe(Effect.provide(layer)))
})
